"""Colours people can read."""


def contrast_with_white(digits: str) -> float:
    """WCAG 2.2 contrast ratio (1 to 21) of the sRGB colour `rrggbb` against white."""

    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(digits[i : i + 2], 16)) for i in (0, 2, 4))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
