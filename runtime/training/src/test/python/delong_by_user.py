"""Prints the p-value that DeLongTest expects of rows of several users, with numpy.

Obuchowski, Biometrics 53 (1997), by its definitions over pairs of rows, without ranks.
"""

from math import erfc, sqrt

import numpy as np

row = np.arange(60)
user = row * row % 23
positive = row * 7 % 10 < 4
first = row * 37 % 101 / 128
second = row * 29 % 16 / 16


def psi(score):
    p, n = score[positive][:, None], score[~positive][None]
    return (p > n) + 0.5 * (p == n)


difference = psi(first) - psi(second)
mean = difference.mean()
positives, negatives = difference.shape
users = np.unique(user)
x = np.array([(difference.mean(1) - mean)[user[positive] == u].sum() for u in users])
y = np.array([(difference.mean(0) - mean)[user[~positive] == u].sum() for u in users])
with_positives = len(np.unique(user[positive]))
with_negatives = len(np.unique(user[~positive]))
s10 = with_positives / ((with_positives - 1) * positives) * (x**2).sum()
s01 = with_negatives / ((with_negatives - 1) * negatives) * (y**2).sum()
s11 = len(users) / (len(users) - 1) * (x * y).sum()
variance = s10 / positives + s01 / negatives + 2 * s11 / (positives * negatives)
print(erfc(abs(mean) / sqrt(variance) / sqrt(2)))
