"""Systems of Python functions: what they become, and everything they are refused for."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from numerics.contexts import MultiprecisionContext, RationalContext
from numerics.declared import DeclaredSystem
from numerics.errors import FunctionError, NoValueError, NumericsError
from numerics.function import Function, constant
from numerics.letters import POSITIVE
from numerics.numeric_sde import NumericSDE
from numerics.points import as_arrays, draw
from numerics.signature import LetterSignature


def scalar(**changes: Any) -> NumericSDE:
    given: dict[str, Any] = {
        "states": {"x": ()},
        "noises": {"B": ()},
        "drift": lambda x: -x,
        "noise": lambda x, dB: x * dB,
    }
    return NumericSDE(**{**given, **changes})


def vector(**changes: Any) -> NumericSDE:
    given: dict[str, Any] = {
        "states": {"v": (3,)},
        "noises": {"B": (3,)},
        "drift": lambda v: -v,
        "noise": lambda dB: dB,
    }
    return NumericSDE(**{**given, **changes})


# What the system becomes.


def test_increments_of_several_states_are_those_of_a_literal_loop() -> None:
    sde = NumericSDE(
        states={"s": (), "v": (2,), "W": (2, 2)},
        noises={"B": (), "Z": (2, 2)},
        parameters={"a": 3.0, "M": [[0.0, 1.0], [2.0, 3.0]]},
        drift=lambda s, v, W, a, M: (a * s, v * s[..., None], M @ W),
        noise={"s": lambda dB: dB, "v": 0, "W": lambda W, dZ: W @ dZ},
    )
    rng = np.random.default_rng(1)
    shapes = {"s": (), "v": (2,), "W": (2, 2), "dB": (), "dZ": (2, 2)}
    paths = {name: rng.standard_normal((5, *shape)) for name, shape in shapes.items()}
    fixed = {"a": np.asarray(3.0), "M": np.array([[0.0, 1.0], [2.0, 3.0]])}
    declared = DeclaredSystem.from_signature(sde.signature("", "c"), sde.kernels(""), {})
    system = declared.at({**fixed, **{name: paths[name][0] for name in ("s", "v", "W")}})
    dB = {name: paths[name] for name in ("dB", "dZ")}
    moved = system.increment({name: paths[name] for name in ("s", "v", "W")}, 0.0, 0.25, dB)
    for n in range(5):
        s, v, W = (paths[name][n] for name in ("s", "v", "W"))
        assert moved["s"][n] == pytest.approx(0.25 * 3.0 * s + paths["dB"][n])
        assert moved["v"][n] == pytest.approx(0.25 * v * s)
        assert moved["W"][n] == pytest.approx(0.25 * fixed["M"] @ W + W @ paths["dZ"][n])


def test_steps_may_have_a_length_for_each_path() -> None:
    increment = vector().kernels("")["increment"]
    v, h = np.arange(6.0).reshape(2, 3), np.array([1.0, 10.0])
    (moved,) = increment({"v": v, "dB": np.zeros((2, 3)), "dt": h})
    assert moved.tolist() == (-h[:, None] * v).tolist()


def test_covariances_and_correlations_are_those_of_the_system() -> None:
    C = np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 1.0]])
    sde = vector(noises={"B": (3,), "Z": (3,)}, correlation={("B", "Z"): 0.5}, covariance={
        "B": C, "Z": C,
    })  # fmt: skip
    declared = DeclaredSystem.from_signature(sde.signature("", "c"), sde.kernels(""), {})
    system = declared.at({"v": np.zeros(3)})
    factor = system.noises[0].row_factor
    assert factor is not None
    assert factor @ factor.T == pytest.approx(C)
    assert system.correlation == {("B", "Z"): 0.5}


def test_points_lie_between_the_bounds_and_fixed_parameters_stand_still() -> None:
    sde = scalar(parameters={"a": 2.5, "b": (3, 4)}, within={"x": (-2, -1)})
    for number in range(9):
        exact = draw(RationalContext(), sde.letters, {}, seed=1, number=number)
        point = as_arrays(exact)
        assert -2 < point["x"] < -1
        assert point["a"] == 2.5
        assert 3 < point["b"] < 4
    assert [letter.fixed for letter in sde.letters] == [False, True, False]


def test_functions_of_several_states_may_stand_in_their_order() -> None:
    sde = NumericSDE(states={"x": (), "y": ()}, drift=(lambda y: y, 0))
    moved = sde.kernels("")["increment"]({"x": np.ones(2), "y": np.ones(2), "dt": 0.5})
    assert [part.tolist() for part in moved] == [[0.5, 0.5], [0.0, 0.0]]


def test_what_a_function_prints_is_no_result(capsys: pytest.CaptureFixture[str]) -> None:
    scalar(drift=lambda x: print("heard") or x)
    out, err = capsys.readouterr()
    assert out == ""
    assert "heard" in err


def test_a_positive_state_is_drawn_positive() -> None:
    (x,) = scalar(within={"x": (0, np.inf)}).letters
    assert x == LetterSignature(name="x", kind="state", facts=("positive",), within=POSITIVE)
    assert POSITIVE[0] > 0


def test_entries_of_which_nothing_is_said_are_hardly_ever_equal() -> None:
    v = as_arrays(draw(RationalContext(), vector(states={"v": (50,)}, noises={"B": (50,)}).letters,
                       {}, seed=1, number=0))["v"]  # fmt: skip
    assert len(np.unique(v)) == 50
    assert np.all(np.abs(v) < 3)


def test_matrices_are_drawn_between_bounds_of_each_entry() -> None:
    low = np.arange(4.0).reshape(2, 2)
    sde = NumericSDE(states={"W": (2, 2)}, drift=lambda W: W, within={"W": (low, low + 1)})
    W = as_arrays(draw(RationalContext(), sde.letters, {}, seed=1, number=0))["W"]
    assert np.all((low < W) & (low + 1 > W))


def test_there_is_no_value_in_another_context() -> None:
    increment, ctx = scalar().kernels("")["increment"], MultiprecisionContext(20)
    with pytest.raises(NoValueError, match="a Python function"):
        increment.in_context(ctx, {"x": 1, "dB": 1, "dt": 1})


def test_a_condition_moves_the_trial_to_where_it_holds() -> None:
    sde = scalar(drift=lambda x: np.log(x - 1), where=lambda x: x > 1)
    assert sde.admits({"x": np.asarray(2.0)})
    assert not sde.admits({"x": np.asarray(1.0)})


def test_a_step_may_be_of_another_length_on_every_path() -> None:
    increment = scalar().kernels("")["increment"]
    x, dB, dt = np.array([1.0, 2.0]), np.array([0.5, -0.5]), np.array([0.0, 0.1])
    (moved,) = increment({"x": x, "dB": dB, "dt": dt})
    np.testing.assert_allclose(moved, -x * dt + x * dB, rtol=1e-15)


# What it is refused for.

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "raises": ({"drift": lambda x: 1 / 0}, "raised ZeroDivisionError: division by zero"),
    "nan": ({"drift": lambda x: np.log(x)}, r"returned nan at x = -\S*; say where points lie"),
    "infinite": ({"drift": lambda x: x / 0}, "returned an infinite value"),
    "text": ({"drift": lambda x: "a"}, "returned a str; return an array of real numbers"),
    "nothing": ({"drift": lambda x: None}, "returned a NoneType"),
    "complex": ({"drift": lambda x: x + 1j}, "returned complex numbers"),
    "ragged": ({"drift": lambda x: [[1], [1, 2]]}, "unequal rows"),
    "branch": ({"drift": lambda x: x if x > 0 else -x}, "truth value of an array"),
    "one path": ({"drift": lambda x: float(x)}, r"drift of x .*\(2, 3\)\) raised TypeError"),
    "random": ({"drift": lambda x: np.random.default_rng().normal() + x}, "draws at random"),
    "in place": ({"drift": lambda x: np.negative(x, out=x)}, "read-only"),
    "mixing": ({"drift": lambda x: x - np.mean(x)}, "it mixes the points"),
    "mixing times": ({"drift": lambda x, t: x * np.mean(t)}, "it mixes the points"),
    "lost in a batch": ({"drift": lambda x: x if x.ndim == 0 else np.nan * x}, "it mixes the"),
    "axes": ({"drift": lambda x: np.stack([x, x])}, r"returned shape \(2,\), needs \(\)"),
    "argument": ({"drift": lambda y: y}, "its argument 'y' is no name of this claim; there are x"),
    "star": ({"drift": lambda *x: x}, "cannot be told by name"),
    "no function": ({"drift": "-x"}, r"got -x \(str\); give a Python function"),
    "constant of a shape": ({"drift": [1.0, 2.0]}, r"got shape \(2,\), the state has \(\)"),
    "noise in drift": ({"drift": lambda dB: dB}, "its argument 'dB' is no name"),
    "square": ({"noise": lambda dB: dB**2}, "is not linear in dB"),
    "lost far out": ({"noise": lambda dB: np.where(abs(dB) > 2, np.nan, dB)}, "is not linear in"),
    "affine": ({"noise": lambda dB: 1 + dB}, "is not linear in dB"),
    "noise alone": ({"noises": {}}, "noises: missing, though noise is given"),
    "noises alone": ({"noise": None}, "noise: missing, though noises is given"),
    "no states": ({"states": {}}, "states: got none"),
    "states as a list": ({"states": ["x"]}, "states: got"),
    "three axes": ({"states": {"x": (2, 2, 2)}}, "got the shape"),
    "size zero": ({"states": {"x": (0,)}}, "got the shape"),
    "time": ({"states": {"t": ()}, "drift": {"t": 0}}, "'t': means something else here"),
    "taken": ({"parameters": {"x": 1.0}}, "'x': is taken"),
    "increment taken": ({"parameters": {"dB": 1.0}}, "'dB': is taken"),
    "keyword": ({"parameters": {"lambda": 1.0}}, "a name is a word"),
    "parameter nan": ({"parameters": {"a": np.nan}}, "give a number, an array, or a range"),
    "range": ({"parameters": {"a": (2, 1)}}, r"range of a: got \(2, 1\)"),
    "three ends": ({"parameters": {"a": (1, 2, 3)}}, "range of a"),
    "half-line": ({"within": {"x": (1, np.inf)}}, "range of x"),
    "within of nothing": ({"within": {"y": (1, 2)}}, "'y' is none of the states x; name one"),
    "within of a parameter": (
        {"parameters": {"a": 1.0}, "within": {"a": (1, 2)}},
        "it is among the parameters",
    ),
    "nowhere": ({"where": lambda x: x > 1e9}, "none of 200 drawn meets where"),
    "where is no function": ({"where": True}, "where: got True; give a function"),
    "covariance of a scalar": ({"covariance": {"B": [[1.0]]}}, "B is a scalar"),
    "covariance of nothing": ({"covariance": {"Z": [[1.0]]}}, "'Z' is none of the noises"),
    "correlation of nothing": ({"correlation": {("B", "Z"): 0.5}}, "name two of the noises"),
    "calculus": ({"calculus": "Ito"}, 'say "ito" or "stratonovich"'),
    "states missing": ({"drift": {"y": 0}}, "got y; give one for each of x"),
}


@pytest.mark.parametrize("case", WRONG)
def test_it_is_refused_in_one_line(case: str) -> None:
    changes, said = WRONG[case]
    with pytest.raises(NumericsError) as caught:
        scalar(**changes)
    text = str(caught.value)
    assert re.search(said, text), text
    assert "\n" not in text
    if isinstance(caught.value, FunctionError):
        assert text.startswith(("drift", "noise", "where"))


def test_a_number_in_quotes_is_a_number() -> None:
    assert scalar(parameters={"a": "1"}, drift=lambda a: a).letters[1].fixed


@pytest.mark.parametrize(
    ("drift", "said"),
    [
        (lambda s, v: s, "returned a ndarray; return a tuple or a mapping of 2 values, for s, v"),
        (lambda s, v: (s,), "returned a tuple"),
        (lambda s, v: {"s": s}, "returned a dict of s;"),
        (lambda s, v: (s, s), r"returned for v shape \(\), needs \(3,\)"),
    ],
)
def test_one_function_of_several_states_returns_one_value_for_each(drift: Any, said: str) -> None:
    with pytest.raises(FunctionError, match=said):
        NumericSDE(states={"s": (), "v": (3,)}, drift=drift)


@pytest.mark.parametrize(
    ("covariance", "said"),
    [
        (np.eye(2), r"shape \(2, 2\), needs \(3, 3\)"),
        (np.diag([1.0, 1.0, -1.0]), "smallest eigenvalue"),
        (np.array([[1.0, 2.0, 0], [0, 1, 0], [0, 0, 1]]), "symmetric"),
    ],
)
def test_what_is_no_covariance_is_refused(covariance: Any, said: str) -> None:
    with pytest.raises(NumericsError, match=said):
        vector(covariance={"B": covariance})


def test_the_message_names_function_line_shapes_and_remedy() -> None:
    def pull(v: Any) -> Any:
        return np.sum(v, axis=-1)

    with pytest.raises(FunctionError) as caught:
        vector(drift=pull)
    line = pull.__code__.co_firstlineno
    assert str(caught.value).startswith(
        f"drift of v (line {line}): pull(v: (3,)) returned shape (), needs (3,); write it for"
    )


def test_functions_keep_their_defaults_and_numpy_its_options() -> None:
    f = Function.of("f", lambda x, scale=2.0: scale * x, {"x": ()}, ("x",))
    assert f.arguments == ("x",)
    assert f.at(np.asarray(3.0)) == 6.0
    assert Function.of("log", np.log, {"x": ()}, ("x",)).arguments == ("x",)
    assert constant("zero", 0).at() == 0.0
