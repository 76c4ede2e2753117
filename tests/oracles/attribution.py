"""The Shapley value by its definition: walk every order of the causes and average."""

from itertools import permutations


def shapley_by_orders(value, causes):
    """`value` of the tuple of causes that have come about; the average addition of each."""
    orders = list(permutations(range(causes)))
    totals = [0.0] * causes
    for order in orders:
        changed = [False] * causes
        for cause in order:
            before = value(tuple(changed))
            changed[cause] = True
            totals[cause] += value(tuple(changed)) - before
    return [total / len(orders) for total in totals]
