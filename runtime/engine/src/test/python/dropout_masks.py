"""Prints the masks that DropoutMasksTest expects: splitmix64 over (seed, step, number)."""

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def mask(seed, step, number, count, rate):
    start = mix((mix((mix(seed) + step) & MASK) + number) & MASK)
    halves = []
    for pair in range(1, count // 2 + 2):
        bits = mix((start + pair * GOLDEN) & MASK)
        halves += [bits >> 32, bits & 0xFFFFFFFF]
    return "".join("0" if half < rate * 2**32 else "1" for half in halves[:count])


if __name__ == "__main__":
    for arguments in ((5, 3, 0, 31, 0.5), (5, 3, 1, 31, 0.5), (5, 4, 0, 31, 0.25)):
        print(arguments, mask(*arguments))
