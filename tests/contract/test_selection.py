"""daglab's reading of Dagster's selection syntax against Dagster's own."""

from __future__ import annotations

import warnings
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions import asset_selection
from dagster._core.definitions.antlr_asset_selection.antlr_asset_selection import AntlrAssetSelectionParser
from hypothesis import given
from hypothesis import strategies as st

from daglab.client import Asset
from daglab.client.selection import select
from daglab.errors import ValidationError

SPECS = [
    dg.AssetSpec("feed", group_name="vendor", kinds={"csv"}),
    dg.AssetSpec(["raw", "orders"], deps=["feed"], group_name="raw", tags={"tier": "gold"}, owners=["a@b.example"]),
    dg.AssetSpec(["raw", "visits"], group_name="raw", kinds={"csv", "dbt"}, tags={"flag": ""}),
    dg.AssetSpec(["sales", "orders"], deps=[["raw", "orders"]], group_name="sales", owners=["team:sales"]),
    dg.AssetSpec(["sales", "report"], deps=[["sales", "orders"], ["raw", "visits"]], group_name="sales"),
    dg.AssetSpec("alone", kinds={"dbt"}),
    dg.AssetSpec("end", deps=[["sales", "report"], "feed"], tags={"tier": "silver"}),
]


def materializable(spec: dg.AssetSpec) -> dg.AssetsDefinition:
    @dg.multi_asset(specs=[spec], name="_".join(spec.key.path))
    def make() -> Any: ...

    return make


@pytest.fixture(scope="module")
def graph() -> Any:
    return dg.Definitions(assets=[SPECS[0], *map(materializable, SPECS[1:])]).resolve_asset_graph()


ASSETS = [
    Asset(
        path=tuple(spec.key.path), group=spec.group_name or "default", kinds=tuple(spec.kinds), description=None,
        dependencies=tuple("/".join(dep.asset_key.path) for dep in spec.deps), location="shop",
        repository="__repository__", job_names=(), materializable=spec is not SPECS[0], partitioned=False,
        tags=spec.tags, owners=tuple(spec.owners),
    )
    for spec in SPECS
]  # fmt: skip


def by_dagster(graph: Any, text: str) -> set[str] | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            selection = AntlrAssetSelectionParser(text, include_sources=True).asset_selection
        except Exception:
            return None
        return {"/".join(key.path) for key in selection.resolve(graph, allow_missing=True)}


def by_daglab(text: str) -> set[str] | None:
    try:
        return {asset.key for asset in select(ASSETS, text)}
    except ValidationError:
        return None


@pytest.mark.parametrize(
    "text",
    [
        'key:"sales/orders"', "key:sales/*", "key:*orders", 'key:"*a*"', "key:nothing", "tag:tier=gold", "tag:flag",
        'tag:"tier"="silver"', "tag:tier=<null>", "owner:\"team:sales\"", "owner:<null>", "group:raw",
        "group:<null>", "kind:csv", "kind:<null>", "*", "(*)", "not group:sales", "NOT not *",
        "group:raw or group:sales and kind:csv", "not group:raw and not group:sales", "+key:end", "1+key:end",
        "key:feed+", "key:feed+1", "key:raw/visits+1", "2+key:end+", "0+key:feed", "+(kind:dbt or kind:csv)+2",
        "roots(*)", "sinks(*)", "roots(+key:end)", "sinks(group:raw or key:end)", "+sinks(group:raw)",
        'sinks(key:"raw/orders" or key:end)', "roots(key:feed or key:end)", " key : alone ", "key:alone\n",
        # refused by both
        "", " ", "alone", "key:", "group:r*", "key:alone key:end", "(key:alone", "key:alone)", "++key:alone",
        "1key:end",
        "key:alone++", "owner:a@b.example", 'key:"a\\"b"', "kind:", "not", "key:alone and", "+*", "*+", "tag:tier=",
        "tag:<null>", "nonsense:x", "key:a-b", "Not *", "sinks", "sinks()", "key:1", "key:*", "group:and",
    ],
)  # fmt: skip
def test_texts(text: str, graph: Any) -> None:
    assert by_daglab(text) == by_dagster(graph, text)


def test_wildcards_of_groups_also_where_dagster_has_none_yet(graph: Any) -> None:
    found = by_daglab('group:"r*"')
    assert found == {"raw/orders", "raw/visits"}
    has = hasattr(asset_selection, "GroupWildCardAssetSelection")
    assert by_dagster(graph, 'group:"r*"') == (found if has else set())


ATTRIBUTES = st.sampled_from(
    ['key:"raw/*"', "key:end", "key:sales/orders", "group:raw", "kind:csv", "tag:tier=gold", "kind:<null>", "(*)"]
)


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{} and {}".format, inner, inner),
        st.builds("{} or {}".format, inner, inner),
        st.builds("not {}".format, inner),
        st.builds("({})".format, inner),
        st.builds("{}({}){}".format, st.sampled_from(["", "+", "1+", "2+"]), inner, st.sampled_from(["", "+", "+1"])),
        st.builds("{}({})".format, st.sampled_from(["sinks", "roots"]), inner),
    )


@given(text=st.recursive(ATTRIBUTES, larger, max_leaves=6))
def test_selections(text: str, graph: Any) -> None:
    expected = by_dagster(graph, text)
    assert expected is not None
    assert by_daglab(text) == expected


PIECES = [
    'key:"end"',
    "group:raw",
    "(",
    ")",
    "and",
    "or",
    "not",
    "+",
    "1",
    "*",
    "roots",
    ":",
    "=",
    '"x"',
    "<null>",
    "é",
]


@given(text=st.lists(st.sampled_from(PIECES), max_size=7).map(" ".join))
def test_what_dagster_refuses_is_refused(text: str, graph: Any) -> None:
    assert by_daglab(text) == by_dagster(graph, text)


def test_attributes_of_the_ui_are_named_as_unsupported() -> None:
    with pytest.raises(ValidationError, match="known: code_location"):
        select(ASSETS, "status:failed")


def test_location_and_kind_of_asset() -> None:
    assert len(select(ASSETS, "code_location:shop")) == len(select(ASSETS, 'code_location:"__repository__@shop"')) == 7
    assert [asset.key for asset in select(ASSETS, "is:external")] == ["feed"]


def test_an_error_says_where() -> None:
    with pytest.raises(ValidationError, match="at 'kind:csv'") as caught:
        select(ASSETS, "group:raw kind:csv")
    assert caught.value.details["position"] == 10


def test_depth_is_bounded() -> None:
    with pytest.raises(ValidationError, match="parentheses"):
        select(ASSETS, "(" * 100_000)
