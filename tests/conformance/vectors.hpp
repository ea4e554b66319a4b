// Reading runs that other tools made: a configs.json and a CSV a run.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace spikeloom::test {

/// A table of integers, by the names of its columns.
class Table {
public:
    /// Throws std::runtime_error for anything but a header and rows of integers.
    [[nodiscard]] static Table read(const std::string& path);

    [[nodiscard]] std::size_t rows() const { return rows_; }
    [[nodiscard]] const std::vector<std::int64_t>& column(const std::string& name) const { return columns_.at(name); }
    void negate(const std::string& name);

private:
    std::size_t rows_ = 0;
    std::map<std::string, std::vector<std::int64_t>> columns_;
};

/// A table of real numbers by the names of its columns; empty cells are NaN.
class RealTable {
public:
    /// Throws std::runtime_error for anything but a header and rows of numbers.
    [[nodiscard]] static RealTable read(const std::string& path);

    [[nodiscard]] std::size_t rows() const { return rows_; }
    [[nodiscard]] bool has(const std::string& column) const { return columns_.contains(column); }
    [[nodiscard]] double value(const std::string& column, std::size_t row) const { return columns_.at(column).at(row); }

private:
    std::size_t rows_ = 0;
    std::map<std::string, std::vector<double>> columns_;
};

/// One run: its configuration and, where it is given, the path of what the tool recorded.
struct ToolConfig {
    std::string name;
    boost::json::object config;
    std::optional<std::string> table_path;
};

/// The runs that a file of a folder of the reference data lists; none if it is absent.
[[nodiscard]] std::vector<ToolConfig> tool_configs(const std::string& folder, const std::string& file);

/// One run: its configuration and, where it is given, what the tool recorded.
struct ToolRun {
    std::string name;
    boost::json::object config;
    std::optional<Table> table;
};

/// The runs of a folder of the reference data; none if it is absent.
[[nodiscard]] std::vector<ToolRun> tool_runs(const std::string& folder);

[[nodiscard]] std::int64_t integer(const boost::json::object& config, const char* key, std::int64_t otherwise = 0);

}  // namespace spikeloom::test
