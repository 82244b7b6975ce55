"""What kind of numbers a categorical field's table holds."""

from servable.preprocess import RiskTable


def holds_codes(table: RiskTable) -> bool:
    """Whether it numbers its categories from 0 on and others by -1, for a model that splits by category."""
    return table.default == -1.0 and sorted(table.bins.values()) == [*range(len(table.bins))]
