"""What is known of models that nobody has trained, for tests of strategies."""

import string

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from servable.artifact import Histogram, StoredRiskTable, StoredText
from servable.payload.facts import ModelFacts
from servable.schema import PANDAS_NULLS, Field, Kind, Schema

NUMBERS = (Field("age", Kind.NUMERIC), Field("income", Kind.NUMERIC))
CATEGORIES = (Field("region", Kind.CATEGORICAL), Field("branch", Kind.CATEGORICAL))
TEXTS = (Field("dialogue", Kind.TEXT), Field("title", Kind.TEXT))
MAX_TOKENS, MAX_CHUNKS = 16, 3
REGIONS = {"": 0.1, "nan": 0.2, "north": 0.4, "south": 0.3, "a region of the longest name": 0.9}
BRANCHES = {"10": 0.6, "7.0": 0.2, "250": 0.4}


def tokenizer() -> bytes:
    """A `tokenizer.json` of a vocabulary of letters."""
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *string.ascii_lowercase]
    tokens += [f"##{letter}" for letter in string.ascii_lowercase]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    made = Tokenizer(models.WordPiece(vocab=vocabulary, unk_token="[UNK]"))  # noqa: S106  # a token
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens(tokens[:4])
    return made.to_str().encode()


def stored_text(field: str, *steps: str) -> StoredText:
    return StoredText(
        field=field,
        steps=(*steps, "dialogue_chunker", "tokenizer"),
        max_tokens=MAX_TOKENS,
        max_chunks=MAX_CHUNKS,
        tokenizer=tokenizer(),
        where="tokenizer.json",
    )


def facts_of_fields(*fields: Field, csv_columns: tuple[str, ...] | None = None) -> ModelFacts:
    """What is known of a model of some of the fields above; its CSV begins with an id, if it is known."""
    schema = Schema(
        fields=fields,
        classes=("0", "1"),
        id_name="customer",
        label_name="churned",
        csv_columns=csv_columns,
        null_spellings=PANDAS_NULLS,
    )
    names = schema.names()
    tables = {
        "region": StoredRiskTable(bins=REGIONS, default_bin=0.35),
        "branch": StoredRiskTable(bins=BRANCHES, default_bin=0.45),
    }
    categories = {"region": (("north", 9.0), ("south", 3.0), ("a region of the longest name", 1.0))}
    categories |= {"branch": (("10", 5.0), ("7.0", 4.0), ("250", 1.0))}
    texts = {"dialogue": stored_text("dialogue", "dialogue_splitter"), "title": stored_text("title")}
    return ModelFacts(
        schema=schema,
        categories={name: each for name, each in categories.items() if name in names},
        imputation={name: value for name, value in {"age": 41.5, "income": 2750.25}.items() if name in names},
        numbers={"age": Histogram(low=18, high=90, counts=(0, 10, 0))} if "age" in names else {},
        texts={name: text for name, text in texts.items() if name in names},
        risk_tables={name: table for name, table in tables.items() if name in names},
    )


EVERY_KIND = facts_of_fields(
    *NUMBERS,
    *CATEGORIES,
    *TEXTS,
    csv_columns=("customer", *(field.name for field in (*NUMBERS, *CATEGORIES, *TEXTS))),
)
MODELS = {
    "every kind": EVERY_KIND,
    "numbers": facts_of_fields(*NUMBERS, csv_columns=("income", "age")),
    "categories": facts_of_fields(*CATEGORIES),
    "texts": facts_of_fields(*TEXTS),
    "one number": facts_of_fields(NUMBERS[0], csv_columns=("age",)),
    "one text": facts_of_fields(TEXTS[1], csv_columns=("title",)),
    "nothing known": ModelFacts(schema=EVERY_KIND.schema),
    "a name with a NUL": facts_of_fields(Field("a\0b", Kind.NUMERIC), *CATEGORIES),
}
WIDE = facts_of_fields(*(Field(f"{kind} {at}", kind) for kind in Kind for at in range(166)))
