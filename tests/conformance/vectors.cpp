#include "conformance/vectors.hpp"

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "support/reference_data.hpp"

namespace spikeloom::test {
namespace {

/// The words of a line, which may end as on Windows.
std::vector<std::string> split(const std::string& line) {
    std::vector<std::string> words;
    std::istringstream in(line.substr(0, line.find('\r')));
    for (std::string word; std::getline(in, word, ',');) {
        words.push_back(word);
    }
    return words;
}

std::string text_of(const std::string& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

Table Table::read(const std::string& path) {
    Table table;
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    const std::vector<std::string> names = split(line);
    while (std::getline(in, line)) {
        const std::vector<std::string> words = split(line);
        if (words.size() != names.size()) {
            throw std::runtime_error(path + ": a row of " + std::to_string(words.size()) + " columns");
        }
        for (std::size_t i = 0; i < words.size(); ++i) {
            table.columns_[names[i]].push_back(std::stoll(words[i]));
        }
        ++table.rows_;
    }
    return table;
}

void Table::negate(const std::string& name) {
    for (std::int64_t& value : columns_.at(name)) {
        value = -value;
    }
}

RealTable RealTable::read(const std::string& path) {
    RealTable table;
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    const std::vector<std::string> names = split(line);
    while (std::getline(in, line)) {
        const std::vector<std::string> words = split(line);
        for (std::size_t i = 0; i < names.size(); ++i) {
            const bool given = i < words.size() && !words[i].empty();
            table.columns_[names[i]].push_back(given ? std::stod(words[i]) : std::numeric_limits<double>::quiet_NaN());
        }
        ++table.rows_;
    }
    return table;
}

std::vector<ToolConfig> tool_configs(const std::string& folder, const std::string& file) {
    const auto configs = reference_data(folder + "/" + file);
    std::vector<ToolConfig> runs;
    if (!configs) {
        return runs;
    }
    const boost::json::value all = boost::json::parse(text_of(*configs));
    for (const boost::json::value& config : all.as_array()) {
        ToolConfig run;
        run.config = config.as_object();
        run.name = run.config.at("name").as_string().c_str();
        const auto csv = std::filesystem::path(*configs).parent_path() / (run.name + ".csv");
        if (std::filesystem::exists(csv)) {
            run.table_path = csv.string();
        }
        runs.push_back(std::move(run));
    }
    return runs;
}

std::vector<ToolRun> tool_runs(const std::string& folder) {
    std::vector<ToolRun> runs;
    for (ToolConfig& given : tool_configs(folder, "configs.json")) {
        ToolRun& run = runs.emplace_back();
        run.name = std::move(given.name);
        run.config = std::move(given.config);
        if (given.table_path) {
            run.table = Table::read(*given.table_path);
        }
    }
    return runs;
}

std::int64_t integer(const boost::json::object& config, const char* key, std::int64_t otherwise) {
    const boost::json::value* const found = config.if_contains(key);
    return found == nullptr ? otherwise : found->to_number<std::int64_t>();
}

}  // namespace spikeloom::test
