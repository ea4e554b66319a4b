// Whether this is a build under a sanitizer. Tests that hold figures (how good a mapping is, what a network learns)
// take minutes there and show nothing about memory or threads that smaller ones don't: they leave themselves out, by
// TEST_CASE("..." * doctest::skip(test::sanitized)), and those that go through many seeds look at fewer.
#pragma once

namespace spikeloom::test {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace spikeloom::test
