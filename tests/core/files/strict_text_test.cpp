#include "core/files/strict_text.hpp"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/struct.pb.h>

#include <doctest/doctest.h>

#include <string>

namespace spikeloom::files {
namespace {

// Protobuf's own descriptor messages have every kind of field: they stand in for our schemas.
using google::protobuf::FileDescriptorProto;
using google::protobuf::UninterpretedOption;

bool says(const Diagnostics& findings, const std::string& where, const std::string& found) {
    for (const Diagnostic& finding : findings) {
        if (finding.where == where && finding.found.find(found) != std::string::npos) {
            return true;
        }
    }
    return false;
}

TEST_CASE("a sound text is understood and its places are known") {
    FileDescriptorProto file;
    const StrictText read = parse_strict_text(
        "# a comment\n"
        "name: \"a\" 'b'\n"
        "dependency: [\"x\", \"y\"]\n"
        "message_type {\n"
        "  name: \"M\"  field { name: \"f\" number: 0x10 label: LABEL_REPEATED } \n"
        "}\n"
        "message_type: < name: \"N\"; >\n"
        "options { cc_enable_arenas: true }\n",
        "f.txt", file);
    CHECK_MESSAGE(read.findings.empty(), to_text(read.findings));
    CHECK(file.name() == "ab");
    CHECK(file.dependency_size() == 2);
    CHECK(file.message_type(0).field(0).number() == 16);
    CHECK(file.message_type(0).field(0).label() == google::protobuf::FieldDescriptorProto::LABEL_REPEATED);
    CHECK(file.message_type(1).name() == "N");
    CHECK(file.options().cc_enable_arenas());
    CHECK(read.positions.where("name") == "f.txt:2:7");
    CHECK(read.positions.where("dependency[1]") == "f.txt:3:19");
    CHECK(read.positions.where("message_type[0].field[0].number") == "f.txt:5:40");
    SUBCASE("an absent field is placed where its block opens") {
        CHECK(read.positions.where("message_type[1].field") == "f.txt:7:15");
        CHECK(read.positions.where("package") == "f.txt:1:1");
        CHECK_FALSE(read.positions.contains("package"));
    }
}

TEST_CASE("all that is wrong is said at once, in order of place") {
    FileDescriptorProto file;
    const StrictText read = parse_strict_text(
        "nam: \"a\"\n"
        "name: 3\n"
        "message_type { name: \"M\" name: \"N\" fild { number: 1 } }\n"
        "message_type { field { number: 5000000000 label: LABEL_REPEATD } }\n"
        "options { cc_enable_arenas: yes }\n"
        "package \"p\"\n"
        "syntax: \"s\"\n",
        "f", file);
    CHECK(says(read.findings, "f:1:1", "unknown field 'nam'"));
    CHECK(read.findings.front().help == "did you mean 'name'?");
    CHECK(says(read.findings, "f:2:7", "text in quotes"));
    CHECK(says(read.findings, "f:3:26", "second time"));
    CHECK(says(read.findings, "f:3:36", "unknown field 'fild'"));
    CHECK(says(read.findings, "f:4:32", "does not fit"));
    CHECK(says(read.findings, "f:4:50", "LABEL_REPEATD"));
    CHECK(says(read.findings, "f:5:29", "'yes'"));
    CHECK(says(read.findings, "f:6:9", "':' is expected"));
    CHECK(read.findings.size() == 8);
    SUBCASE("and what was in order is kept") {
        CHECK(file.syntax() == "s");
    }
}

TEST_CASE("required fields that are absent are findings at their block") {
    UninterpretedOption option;
    const StrictText read =
        parse_strict_text("name { name_part: \"a\" }\nname { is_extension: maybe name_part: \"b\" }", "o", option);
    CHECK(says(read.findings, "o:1:6", "lacks the field 'is_extension'"));
    CHECK(says(read.findings, "o:2:22", "'maybe'"));
    CHECK_MESSAGE(read.findings.size() == 2, "a field that was given wrongly is not also called missing");
}

TEST_CASE("two members of a oneof are refused") {
    google::protobuf::Value value;
    const StrictText read = parse_strict_text("number_value: 1.5\nstring_value: \"x\"", "v", value);
    CHECK(says(read.findings, "v:2:1", "beside 'number_value'"));
    CHECK(value.number_value() == 1.5);
}

TEST_CASE("numbers: signs, exponents, limits of every width") {
    UninterpretedOption option;
    const auto findings = [&](const std::string& text) { return parse_strict_text(text, "n", option).findings.size(); };
    CHECK(findings("double_value: -1.5e-3") == 0);
    CHECK(option.double_value() == -1.5e-3);
    CHECK(findings("double_value: 10f") == 0);
    CHECK(findings("double_value: -inf") == 0);
    CHECK(findings("double_value: 1e999") == 1);
    CHECK(findings("double_value: -") == 1);
    CHECK(findings("negative_int_value: -9223372036854775808") == 0);
    CHECK(option.negative_int_value() == std::numeric_limits<std::int64_t>::min());
    CHECK(findings("negative_int_value: -9223372036854775809") == 1);
    CHECK(findings("positive_int_value: 18446744073709551615") == 0);
    CHECK(findings("positive_int_value: 18446744073709551616") == 1);
    CHECK(findings("positive_int_value: -1") == 1);
    CHECK(findings("positive_int_value: -0") == 0);
    CHECK(findings("positive_int_value: 1.5") == 1);
}

TEST_CASE("broken syntax never crashes and is found") {
    for (const std::string text : {"{",
                                   "}",
                                   "name",
                                   "name:",
                                   "name: \"",
                                   "message_type {",
                                   "message_type { field {",
                                   "dependency: [",
                                   "dependency: [\"a\"",
                                   "dependency: [\"a\" \"b\"",
                                   "dependency: [,]",
                                   "name: {}",
                                   "message_type: 3",
                                   "[a.b]: 3",
                                   "\x01\x02",
                                   "name: 'a\nb'",
                                   "message_type { name: \"a\" ]",
                                   "options: <}",
                                   "-",
                                   ":::",
                                   "name: -",
                                   "\xff\xfe"}) {
        FileDescriptorProto file;
        CAPTURE(text);
        CHECK_FALSE(parse_strict_text(text, "t", file).findings.empty());
    }
    SUBCASE("nesting is bounded") {
        FileDescriptorProto file;
        std::string deep = "message_type {";
        for (int i = 0; i < 100000; ++i) {
            deep += "nested_type{";
        }
        CHECK_FALSE(parse_strict_text(deep, "t", file).findings.empty());
    }
    SUBCASE("the number of findings is bounded") {
        FileDescriptorProto file;
        std::string many;
        for (int i = 0; i < 1000; ++i) {
            many += "wrong: 1\n";
        }
        CHECK(parse_strict_text(many, "t", file).findings.size() == 100);
    }
}

TEST_CASE("the nearest name") {
    CHECK(nearest_name("treshold", {"threshold", "bias"}) == "threshold");
    CHECK(nearest_name("xyz", {"threshold", "bias"}).empty());
    CHECK(nearest_name("", {"a"}).empty());
}

}  // namespace
}  // namespace spikeloom::files
