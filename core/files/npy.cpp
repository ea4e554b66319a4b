#include "core/files/npy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string_view>

#include "core/files/zip.hpp"

namespace spikeloom::files {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t most_dimensions = 32;  // numpy's own limit
constexpr std::uint64_t most_extent = std::uint64_t{1} << 48;

struct Header {
    std::string type;
    bool fortran = false;
    std::vector<std::size_t> shape;
};

/// The header is a Python dict literal with exactly the keys descr, fortran_order and shape.
class HeaderParser {
public:
    HeaderParser(std::string_view text, std::size_t offset, const std::string& origin)
        : text_(text), offset_(offset), origin_(origin) {}

    Result<Header> parse() {
        Header header;
        unsigned seen = 0;
        if (!take('{')) {
            return wrong("'{'");
        }
        while (!take('}')) {
            std::string key;
            if (!string(key) || !take(':')) {
                return wrong("a quoted key and ':'");
            }
            const unsigned bit = key == "descr" ? 1U : key == "fortran_order" ? 2U : key == "shape" ? 4U : 0U;
            if (bit == 0 || (seen & bit) != 0) {
                return wrong("the keys descr, fortran_order and shape, once each");
            }
            seen |= bit;
            if (bit == 1U && !string(header.type)) {
                return wrong("a plain number type as '<f4'; structured types can't be read");
            }
            if (bit == 2U && !boolean(header.fortran)) {
                return wrong("True or False");
            }
            if (bit == 4U && !tuple(header.shape)) {
                return wrong(fmt::format("a tuple of at most {} extents below 2^48", most_dimensions));
            }
            if (!take(',') && !peek('}')) {
                return wrong("',' or '}'");
            }
        }
        skip_space();
        if (seen != 7U || at_ != text_.size()) {
            return wrong("the keys descr, fortran_order and shape, and nothing after them");
        }
        return header;
    }

private:
    tl::unexpected<Diagnostics> wrong(const std::string& allowed) const {
        return fail({.where = fmt::format("{}: byte {}", origin_, offset_ + at_),
                     .found = "the .npy header is not as numpy writes it",
                     .allowed = allowed,
                     .help = "save it with numpy.save as an array of plain numbers"});
    }
    void skip_space() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) {
            ++at_;
        }
    }
    bool peek(char c) {
        skip_space();
        return at_ < text_.size() && text_[at_] == c;
    }
    bool take(char c) {
        if (!peek(c)) {
            return false;
        }
        ++at_;
        return true;
    }
    bool word(std::string_view w) {
        skip_space();
        if (!text_.substr(at_).starts_with(w)) {
            return false;
        }
        at_ += w.size();
        return true;
    }
    bool string(std::string& out) {
        skip_space();
        if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) {
            return false;
        }
        const std::size_t end = text_.find(text_[at_], at_ + 1);
        if (end == std::string_view::npos) {
            return false;
        }
        out = std::string(text_.substr(at_ + 1, end - at_ - 1));
        at_ = end + 1;
        return out.find('\\') == std::string::npos;
    }
    bool boolean(bool& out) {
        out = word("True");
        return out || word("False");
    }
    bool number(std::size_t& out) {
        skip_space();
        const std::size_t begin = at_;
        std::uint64_t value = 0;
        while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
            value = value * 10 + static_cast<std::uint64_t>(text_[at_++] - '0');
            if (value > most_extent) {
                return false;
            }
        }
        out = value;
        const bool any = at_ > begin;
        word("L");  // written by numpy on Python 2
        return any;
    }
    bool tuple(std::vector<std::size_t>& out) {
        if (!take('(')) {
            return false;
        }
        while (!take(')')) {
            std::size_t extent = 0;
            if (out.size() == most_dimensions || !number(extent)) {
                return false;
            }
            out.push_back(extent);
            if (!take(',') && (!peek(')') || out.size() == 1)) {  // "(3)" is a number, not a tuple
                return false;
            }
        }
        return true;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t offset_;
    const std::string& origin_;
};

/// Sets kind and item size from numpy's type text; false where it isn't a plain number.
bool set_type(const std::string& type, Array& array, bool& swapped) {
    if (type.size() != 3 || std::string_view("<>|=").find(type[0]) == std::string_view::npos) {
        return false;
    }
    const int bytes = type[2] - '0';
    switch (type[1]) {
    case 'b':
        array.kind = ElementKind::boolean;
        break;
    case 'i':
        array.kind = ElementKind::signed_integer;
        break;
    case 'u':
        array.kind = ElementKind::unsigned_integer;
        break;
    case 'f':
        array.kind = ElementKind::floating;
        break;
    default:
        return false;
    }
    const bool power = bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    if (!power || (type[1] == 'b' && bytes != 1) || (type[1] == 'f' && bytes == 1) || (type[0] == '|' && bytes != 1)) {
        return false;
    }
    array.item_bytes = bytes;
    swapped = type[0] == (std::endian::native == std::endian::little ? '>' : '<');
    return true;
}

void swap_bytes(Array& array) {
    const auto size = static_cast<std::ptrdiff_t>(array.item_bytes);
    for (auto item = array.bytes.begin(); item != array.bytes.end(); item += size) {
        std::reverse(item, item + size);
    }
}

/// Column-major to row-major: walks the target in C order, keeping the source offset of the running index.
void transpose_to_c_order(Array& array) {
    if (array.shape.size() < 2 || array.bytes.empty()) {
        return;
    }
    const auto item = static_cast<std::size_t>(array.item_bytes);
    std::vector<std::size_t> strides(array.shape.size());
    std::size_t stride = item;
    for (std::size_t d = 0; d < array.shape.size(); ++d) {
        strides[d] = stride;
        stride *= array.shape[d];
    }
    Bytes out(array.bytes.size());
    std::vector<std::size_t> index(array.shape.size(), 0);
    std::size_t source = 0;
    for (std::size_t target = 0; target < out.size(); target += item) {
        std::memcpy(out.data() + target, array.bytes.data() + source, item);
        for (std::size_t d = index.size(); d-- > 0;) {
            source += strides[d];
            if (++index[d] < array.shape[d]) {
                break;
            }
            source -= strides[d] * array.shape[d];
            index[d] = 0;
        }
    }
    array.bytes = std::move(out);
}

struct HeaderPlace {
    std::size_t begin = 0;
    std::size_t end = 0;
};

Result<HeaderPlace> find_header(ByteView bytes, const std::string& origin) {
    if (bytes.size() < 10 || std::memcmp(bytes.data(), magic.data(), magic.size()) != 0) {
        return fail({.where = origin, .found = "not a .npy file (no magic number)", .allowed = {}, .help = {}});
    }
    const int major = static_cast<int>(bytes[6]);
    if (major < 1 || major > 3) {
        return fail({.where = origin + ": byte 6",
                     .found = fmt::format(".npy format version {}", major),
                     .allowed = "1, 2 or 3",
                     .help = {}});
    }
    const std::size_t begin = major == 1 ? 10 : 12;
    const std::size_t length = major == 1              ? load<std::uint16_t>(bytes, 8, std::endian::little)
                               : bytes.size() >= begin ? load<std::uint32_t>(bytes, 8, std::endian::little)
                                                       : std::numeric_limits<std::uint32_t>::max();
    if (begin > bytes.size() || length > bytes.size() - begin) {
        return fail({.where = origin + ": byte 8",
                     .found = fmt::format("a header of {} bytes in a file of {}", length, bytes.size()),
                     .allowed = {},
                     .help = "the file is truncated"});
    }
    return HeaderPlace{begin, begin + length};
}

}  // namespace

Result<Array> parse_npy(ByteView bytes, const std::string& origin) {
    const auto place = find_header(bytes, origin);
    if (!place) {
        return tl::unexpected(place.error());
    }
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + place->begin, place->end - place->begin);
    auto header = HeaderParser(text, place->begin, origin).parse();
    if (!header) {
        return tl::unexpected(header.error());
    }
    Array array;
    bool swapped = false;
    if (!set_type(header->type, array, swapped)) {
        return fail({.where = origin,
                     .found = fmt::format("elements of type '{}'", header->type),
                     .allowed = "bool, signed and unsigned integers of 1 to 8 bytes, floats of 2, 4 or 8",
                     .help = "convert with numpy's astype before saving"});
    }
    const ByteView data = bytes.subspan(place->end);
    const auto count = element_count(header->shape);
    const auto wanted = count ? checked_product(*count, static_cast<std::uint64_t>(array.item_bytes)) : std::nullopt;
    if (wanted != data.size()) {
        return fail({.where = fmt::format("{}: byte {}", origin, place->end),
                     .found = fmt::format("{} bytes of data for shape {} of {}", data.size(), shape_text(header->shape),
                                          header->type),
                     .allowed = wanted ? fmt::format("exactly {}", *wanted) : "a shape that fits into memory",
                     .help = {}});
    }
    array.shape = std::move(header->shape);
    array.bytes.assign(data.begin(), data.end());
    if (swapped && array.item_bytes > 1) {
        swap_bytes(array);
    }
    if (header->fortran) {
        transpose_to_c_order(array);
    }
    return array;
}

Result<Array> read_npy(const std::string& path, std::uint64_t cap) {
    const auto bytes = read_bytes(path, cap);
    if (!bytes) {
        return tl::unexpected(bytes.error());
    }
    return parse_npy(*bytes, path);
}

Result<NamedArrays> parse_npz(ByteView bytes, const std::string& origin, std::uint64_t cap) {
    auto members = parse_zip(bytes, origin, cap);
    if (!members) {
        return tl::unexpected(members.error());
    }
    NamedArrays arrays;
    for (ZipMember& member : *members) {
        if (!member.name.ends_with(".npy")) {
            return fail({.where = fmt::format("{}:{}", origin, member.name),
                         .found = "the archive holds something else than arrays",
                         .allowed = "members *.npy",
                         .help = "save it with numpy.savez"});
        }
        auto array = parse_npy(member.bytes, fmt::format("{}:{}", origin, member.name));
        if (!array) {
            return tl::unexpected(array.error());
        }
        member.bytes = Bytes();
        const std::string name = member.name.substr(0, member.name.size() - 4);
        if (find_array(arrays, name) != nullptr) {
            return fail({.where = fmt::format("{}:{}", origin, member.name),
                         .found = "the archive holds this array twice",
                         .allowed = {},
                         .help = {}});
        }
        arrays.emplace_back(name, std::move(*array));
    }
    return arrays;
}

Result<NamedArrays> read_npz(const std::string& path, std::uint64_t cap) {
    const auto bytes = read_bytes(path, cap);
    if (!bytes) {
        return tl::unexpected(bytes.error());
    }
    return parse_npz(*bytes, path, cap);
}

const Array* find_array(const NamedArrays& arrays, const std::string& name) {
    const auto found =
        std::find_if(arrays.begin(), arrays.end(), [&](const auto& entry) { return entry.first == name; });
    return found == arrays.end() ? nullptr : &found->second;
}

Bytes print_npy(const Array& array) {
    std::string shape;
    for (const std::size_t extent : array.shape) {
        shape += fmt::format("{}, ", extent);
    }
    if (array.shape.size() > 1) {
        shape.resize(shape.size() - 2);
    } else if (array.shape.size() == 1) {
        shape.resize(shape.size() - 1);
    }
    std::string header = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}), }}",
                                     array.item_bytes == 1 ? '|' : '<', type_text(array), shape);
    header.resize((magic.size() + 4 + header.size() + 1 + 63) / 64 * 64 - magic.size() - 4 - 1, ' ');
    header += '\n';
    Bytes out;
    append_text(out, magic);
    out.push_back(std::byte{1});
    out.push_back(std::byte{0});
    append_little(out, static_cast<std::uint16_t>(header.size()));
    append_text(out, header);
    Array copy = array;
    if (std::endian::native == std::endian::big) {
        swap_bytes(copy);
    }
    append(out, copy.bytes);
    return out;
}

Result<void> write_npy(const Array& array, const std::string& path) {
    return write_bytes(path, print_npy(array));
}

Bytes print_npz(const NamedArrays& arrays, bool compressed) {
    std::vector<ZipMember> members;
    for (const auto& [name, array] : arrays) {
        members.push_back({.name = name + ".npy", .bytes = print_npy(array)});
    }
    return print_zip(members, compressed);
}

Result<void> write_npz(const NamedArrays& arrays, const std::string& path, bool compressed) {
    return write_bytes(path, print_npz(arrays, compressed));
}

}  // namespace spikeloom::files
