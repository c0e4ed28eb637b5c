"""FT-Transformer is what its paper says, sizes, formulas and what decays, and gives what its authors' package gives."""

from __future__ import annotations

import math

import pytest
import torch

from automl.models.build import build, count_parameters, infeasible
from automl.models.families.ft_transformer import FTTransformer
from automl.task import Block
from automl.training.stack import Stack, lr_factors

N_NUMBERS, CODES = 3, (5, 9)
NUMERIC = Block("numeric", (N_NUMBERS,), "float32")
CATEGORY = Block("category", (len(CODES),), "int64", CODES)
BLOCKS = (NUMERIC, CATEGORY)
CPU = torch.device("cpu")
SMALL = {"width": 12, "heads": 3, "blocks": 3}


def _network(**arguments):
    """A network whose weights are all away from 0 and 1, so that each of them is seen."""
    network = build(FTTransformer(**{**SMALL, **arguments}), BLOCKS, 2, seed=3).eval()
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.2 * torch.randn(weight.shape, generator=draw))
    return network


def _rows(n_rows=17):
    draw = torch.Generator().manual_seed(1)
    codes = [torch.randint(1, n, (n_rows,), generator=draw) for n in CODES]
    return {"numeric": torch.randn(n_rows, N_NUMBERS, generator=draw), "category": torch.stack(codes, dim=1)}


def test_the_defaults_are_those_of_the_paper():
    family = FTTransformer()
    assert (family.blocks, family.width, family.heads, family.hidden) == (3, 192, 8, 256)
    assert (family.attention_dropout, family.hidden_dropout, family.dropout) == (0.2, 0.1, 0.0)
    assert family.activation == "relu"


def test_it_has_as_many_parameters_as_the_paper_describes():
    """Tokens, three blocks of attention and ReGLU, five norms in them and one behind; keys alone have no bias."""
    d, hidden, n_outputs = 192, 256, 2
    tokens = 2 * N_NUMBERS * d + (sum(CODES) + len(CODES)) * d + d
    attention = 4 * d * d + 3 * d
    gated = (2 * hidden) * (d + 1) + d * (hidden + 1)
    expected = tokens + 3 * (attention + gated) + (5 + 1) * 2 * d + (d + 1) * n_outputs
    assert count_parameters(FTTransformer(), BLOCKS, n_outputs) == expected


def test_its_layers_have_the_sizes_of_the_paper():
    network = build(FTTransformer(), BLOCKS, 2, seed=0)
    sizes = {name: tuple(weight.shape) for name, weight in network.named_parameters()}
    assert sizes["encoders.numeric.line.weight"] == sizes["encoders.numeric.start.bias"] == (N_NUMBERS, 192)
    assert sizes["encoders.category.embeddings.table.weight"] == (sum(CODES), 192)
    assert sizes["backbone.0.weight"] == (192,)
    assert sizes["backbone.2.widen.weight"] == (512, 192)
    assert sizes["backbone.2.narrow.weight"] == (192, 256)
    assert not [name for name in sizes if name.startswith("backbone.1.norm")]
    assert sizes["backbone.3.norm.weight"] == sizes["head.norm.weight"] == (192,)


def _linear(own, name, x):
    return x @ own[f"{name}.weight"].T + own.get(f"{name}.bias", 0.0)


def _normal(own, name, x):
    centred = x - x.mean(dim=-1, keepdim=True)
    return (
        centred / (centred.square().mean(dim=-1, keepdim=True) + 1e-5).sqrt() * own[f"{name}.weight"]
        + own[f"{name}.bias"]
    )


def _by_hand(own, rows, blocks, heads):
    """The paper's formulas over all tokens of each row, one row and head at a time."""
    outputs = []
    for numbers, codes in zip(rows["numeric"], rows["category"]):
        tokens = [own["backbone.0.weight"]]
        for column, number in enumerate(numbers):
            line, start = (own[f"encoders.numeric.{name}"][column] for name in ("line.weight", "start.bias"))
            tokens.append(number * line + start)
        for column, code in enumerate(codes):
            place = int(code) + sum(CODES[:column])
            looked_up = own["encoders.category.embeddings.table.weight"][place]
            tokens.append(looked_up + own["encoders.category.start.bias"][column])
        x = torch.stack(tokens)
        size = x.shape[1] // heads
        for block in range(blocks):
            name = f"backbone.{1 + 2 * block}"
            normal = _normal(own, f"{name}.norm", x) if block else x
            queries, keys, values = (_linear(own, f"{name}.{each}", normal) for each in ("queries", "keys", "values"))
            found = []
            for head in range(heads):
                of = slice(head * size, (head + 1) * size)
                weights = torch.exp(queries[:, of] @ keys[:, of].T / math.sqrt(size))
                found.append(weights / weights.sum(dim=1, keepdim=True) @ values[:, of])
            x = x + _linear(own, f"{name}.out", torch.cat(found, dim=1))
            name = f"backbone.{2 + 2 * block}"
            both = _linear(own, f"{name}.widen", _normal(own, f"{name}.norm", x))
            half = both.shape[1] // 2
            x = x + _linear(own, f"{name}.narrow", both[:, :half] * both[:, half:].clamp(min=0))
        outputs.append(_linear(own, "head.linear", _normal(own, "head.norm", x[0]).clamp(min=0)))
    return torch.stack(outputs)


@pytest.mark.parametrize("blocks", [1, 2, 3])
@pytest.mark.parametrize("heads", [1, 3])
def test_it_gives_what_the_formulas_of_the_paper_give(blocks, heads):
    network, rows = _network(blocks=blocks, heads=heads), _rows()
    own = {name: weight.detach() for name, weight in network.named_parameters()}
    torch.testing.assert_close(network(rows), _by_hand(own, rows, blocks, heads), rtol=1e-4, atol=1e-5)


def _named(blocks):
    """The authors' names of weights, and ours."""
    named = {"cls_embedding.weight": "backbone.0.weight"}
    named |= {"cont_embeddings.weight": "encoders.numeric.line.weight"}
    named |= {"cont_embeddings.bias": "encoders.numeric.start.bias"}
    named |= {"cat_embeddings.bias": "encoders.category.start.bias"}
    layers = {"backbone.output.normalization": "head.norm", "backbone.output.linear": "head.linear"}
    for block in range(blocks):
        theirs, first, second = f"backbone.blocks.{block}", f"backbone.{1 + 2 * block}", f"backbone.{2 + 2 * block}"
        attention = {"W_q": "queries", "W_k": "keys", "W_v": "values", "W_out": "out"}
        layers |= {f"{theirs}.attention.{a}": f"{first}.{b}" for a, b in attention.items()}
        layers |= {f"{theirs}.ffn_normalization": f"{second}.norm"}
        layers |= {f"{theirs}.ffn.linear1": f"{second}.widen", f"{theirs}.ffn.linear2": f"{second}.narrow"}
        if block:
            layers |= {f"{theirs}.attention_normalization": f"{first}.norm"}
    return named | {f"{a}.{kind}": f"{b}.{kind}" for a, b in layers.items() for kind in ("weight", "bias")}


def _authors(blocks=3, **arguments):
    rtdl = pytest.importorskip("rtdl_revisiting_models")
    default = {**rtdl.FTTransformer.get_default_kwargs(), "n_blocks": blocks, **arguments}
    return rtdl.FTTransformer(n_cont_features=N_NUMBERS, cat_cardinalities=list(CODES), d_out=2, **default).eval()


def test_it_gives_what_the_authors_network_gives():
    theirs, ours, rows = _authors(d_block=12, attention_n_heads=3), _network(), _rows()
    own, named = {name: weight.detach() for name, weight in ours.named_parameters()}, _named(blocks=3)
    tables = own.pop("encoders.category.embeddings.table.weight").split(CODES)
    with torch.no_grad():
        for name, parameter in theirs.named_parameters():
            if name.startswith("cat_embeddings.embeddings"):
                parameter.copy_(tables[int(name.split(".")[2])])
            elif name.endswith("W_k.bias"):
                parameter.normal_()  # It changes nothing.
            else:
                parameter.copy_(own.pop(named[name]))
    assert not own
    torch.testing.assert_close(ours(rows), theirs(rows["numeric"], rows["category"]), rtol=1e-4, atol=1e-5)


def test_its_defaults_have_the_parameters_of_the_authors_but_for_the_keys_biases():
    n_theirs = sum(weight.numel() for weight in _authors().parameters())
    assert count_parameters(FTTransformer(), BLOCKS, 2) == n_theirs - 3 * 192


def _spared(network):
    """The names of parameters that do not decay."""
    own = Stack([network], [0], CPU).decayed.split([each.numel() for each in network.parameters()])
    return {name for (name, _), each in zip(network.named_parameters(), own) if not each.any()}


def test_what_decays_is_what_decays_with_the_authors_but_for_the_last_norm():
    """The paper spares all norms; the package forgets the one before the outputs."""
    theirs = _authors()
    decaying = {id(weight) for weight in theirs.make_parameter_groups()[0]["params"]}
    named = _named(blocks=3)
    expected = {named[name] for name, weight in theirs.named_parameters() if id(weight) in decaying}
    network = build(FTTransformer(), BLOCKS, 2, seed=0)
    assert {name for name, _ in network.named_parameters()} - _spared(network) == expected - {"head.norm.weight"}


def test_tokens_norms_and_biases_do_not_decay():
    network = build(FTTransformer(), BLOCKS, 2, seed=0)
    tokens = {name for name, _ in network.named_parameters() if name.startswith("encoders.")}
    small = {name for name, weight in network.named_parameters() if weight.dim() == 1}
    assert _spared(network) == tokens | small
    assert "backbone.0.weight" in small


def test_tokens_begin_between_plus_and_minus_one_over_the_root_of_their_width():
    network = build(FTTransformer(), BLOCKS, 2, seed=0)
    for name, weight in network.named_parameters():
        if name.startswith("encoders.") or name == "backbone.0.weight":
            assert 0.9 * 192**-0.5 < weight.abs().max() <= 192**-0.5
            assert weight.std().item() == pytest.approx((192 * 3) ** -0.5, rel=0.15)


def test_linear_layers_begin_as_those_of_torch_and_biases_of_attention_as_0():
    network = build(FTTransformer(), BLOCKS, 2, seed=0)
    for name, layer in network.named_modules():
        if isinstance(layer, torch.nn.Linear):
            bound = layer.in_features**-0.5
            assert 0.95 * bound < layer.weight.abs().max() <= bound
            if layer.bias is not None:
                is_attention = name.rpartition(".")[2] in ("queries", "values", "out")
                assert bool(layer.bias.any()) is not is_attention


def test_a_category_never_seen_is_the_vector_of_its_column():
    network = _network()
    tokens = network.encoders["category"](torch.zeros(1, len(CODES), dtype=torch.int64))
    torch.testing.assert_close(tokens.view(len(CODES), -1), network.encoders["category"].start.bias)


def test_an_image_is_one_token():
    image = Block("image", (2, 8, 8), "uint8", mean=(127.0, 90.0), std=(70.0, 50.0))
    network = build(FTTransformer(**SMALL), (NUMERIC, image), 2, seed=0)
    encoded = network.encoders["image"](torch.zeros(5, 2, 8, 8, dtype=torch.uint8))
    assert encoded.shape == (5, 12)
    features = torch.cat([network.encoders["numeric"](torch.zeros(5, N_NUMBERS)), encoded], dim=-1)
    assert network.backbone[0](features).shape == (5, 1 + N_NUMBERS + 1, 12)


def test_one_hot_columns_are_tokens_as_numbers_are():
    one_hot = Block("one_hot", (N_NUMBERS,), "float32")
    assert count_parameters(FTTransformer(), (one_hot,), 2) == count_parameters(FTTransformer(), (NUMERIC,), 2)


def test_a_token_takes_shares_of_all_that_sum_to_1():
    network = _network()
    seen = {}
    for name in ("1", "3", "5"):
        layer = network.backbone.get_submodule(name)
        layer.match.register_forward_hook(lambda *given, name=name: seen.update({name: given[-1]}))
    network(_rows())
    n_tokens = 1 + N_NUMBERS + len(CODES)
    assert [tuple(each.shape) for each in seen.values()] == [(17, 3, n, n_tokens) for n in (n_tokens, n_tokens, 1)]
    for shares in seen.values():
        torch.testing.assert_close(shares.sum(dim=-1), torch.ones(shares.shape[:-1]))


def test_attention_that_drops_everything_adds_its_last_bias_alone():
    network = _network(blocks=1, attention_dropout=0.5).train()
    layer, x = network.backbone[1], torch.randn(4, 6, 12, generator=torch.Generator().manual_seed(2))
    layer.attention_dropout.noise = torch.full((4, 3, 1, 6), -32768, dtype=torch.int16)
    torch.testing.assert_close(layer(x), x[:, 0] + layer.out.bias)


def test_the_factor_on_the_learning_rate_multiplies_all():
    network = build(FTTransformer(lr_factor=0.1, embedding_lr_factor=2.0), BLOCKS, 2, seed=0)
    factors = lr_factors([network], CPU)[0].split([each.numel() for each in network.parameters()])
    for (name, _), each in zip(network.named_parameters(), factors):
        assert each.unique().item() == pytest.approx(0.2 if name.startswith("encoders.category") else 0.1)


def test_a_width_that_heads_cannot_share_is_refused():
    message = "the width must be a multiple of the heads, got 20 and 8"
    with pytest.raises(ValueError, match=message):
        build(FTTransformer(width=20), BLOCKS, 2, seed=0)
    assert infeasible(FTTransformer(width=20), BLOCKS) == message


def test_queries_and_keys_are_no_layers_to_a_trials_health():
    network = build(FTTransformer(blocks=1), BLOCKS, 2, seed=0)
    layers = [f"backbone.1.{name}" for name in ("values", "out")]
    layers += [f"backbone.2.{name}" for name in ("widen", "narrow")]
    assert list(Stack([network], [0], CPU).layers) == [*layers, "head.linear"]
