"""The speed of `simulate` on NumPy beside a C program that is near what the machine can do.

Both simulate label-noise gradient flow, dΘ = S(β − W1W2)Θ dt + √c S(dB)Θ, by Euler–Maruyama in
double precision, from one start and with the same number of threads. They run in turns, and of each
the fastest run counts: whatever else the machine does slows both down. One thread is timed by the
processor's clock, which does not run while another program has the core; two threads by the wall
clock, since waiting for each other belongs to what they cost.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from numerics.products import matmul
from numerics.schemes import named
from numerics.simulate import default_block, simulate
from numerics.streaming import Moments
from numerics.system import Array, NoiseSpec, State, System

SOURCE = Path(__file__).with_name("sde_limit.c")
FLAGS = ["-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math", "-fopenmp"]
STEPS, H, C = 400, 1e-3, 0.1
ROUNDS = 40  # short and many: some of them find the machine quiet

# (p, k, l) -> share of the C limit that NumPy must reach, thread for thread.
SHARES = {(5, 2, 10): 0.08, (50, 1, 100): 0.10}
# Threads take turns in the interpreter between two operations on arrays: C has no such turns.
KEPT_BY_THREADS = {1: 1.0, 2: 0.75}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Sizes, target and start."""

    p: int
    k: int
    l: int

    @property
    def arrays(self) -> tuple[Array, Array, Array]:
        """β, W1, W2."""
        rng = np.random.default_rng(1)
        beta = rng.standard_normal((self.p, self.k))
        W1 = rng.standard_normal((self.p, self.l)) / np.sqrt(self.l)
        return beta, W1, rng.standard_normal((self.l, self.k)) / np.sqrt(self.l)

    def system(self, product: Callable[[Array, Array], Array]) -> System:
        """The declared system, its increment as a generated kernel prints it."""
        beta, *_ = self.arrays
        root = np.sqrt(C)

        def increment(point: Mapping[str, Any], t: float, dt: float, dB: State) -> State:
            W1, W2 = point["W1"], point["W2"]
            dZ = dt * (beta - product(W1, W2)) + root * dB["dB"]
            return {
                "W1": product(dZ, W2.swapaxes(-1, -2)),
                "W2": product(W1.swapaxes(-1, -2), dZ),
            }

        return System(
            states={"W1": (self.p, self.l), "W2": (self.l, self.k)},
            noises=(NoiseSpec(name="B", shape=(self.p, self.k)),),
            increment=increment,
            paths_last=product is matmul,
        )


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Millions of path-steps a second, and the mean of |W1|² with its standard error."""

    speed: float
    mean: float
    error: float


def compiled(problem: Problem, folder: Path) -> Path:
    """The C program for the sizes of a problem."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler on this machine: nothing to compare with")
    program = folder / "sde_limit"
    sizes = [f"-DP={problem.p}", f"-DK={problem.k}", f"-DL={problem.l}"]
    command = [compiler, *FLAGS, *sizes, str(SOURCE), "-o", str(program), "-lm"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode:
        pytest.skip(f"the C compiler refuses: {built.stderr.strip().splitlines()[-1]}")
    return program


def run_c(program: Path, problem: Problem, paths: int, threads: int) -> Measured:
    """The fastest variant of the C program, once."""
    beta, W1, W2 = problem.arrays
    ran = subprocess.run(
        [str(program), str(paths), str(STEPS), str(H), str(C)],
        input=beta.tobytes() + W1.tobytes() + np.ascontiguousarray(W2.T).tobytes(),
        capture_output=True,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": str(threads)},
    )
    variants = []
    for line in ran.stdout.decode().splitlines():
        _, *numbers = line.split()
        path_steps, wall, cpu, mean, error = map(float, numbers)
        seconds = cpu if threads == 1 else wall
        variants.append(Measured(speed=1e-6 * path_steps / seconds, mean=mean, error=error))
    return max(variants, key=lambda measured: measured.speed)


def run_numpy(system: System, problem: Problem, paths: int, threads: int) -> Measured:
    """`simulate`, once."""
    _, W1, W2 = problem.arrays
    clock = time.process_time if threads == 1 else time.perf_counter
    began = clock()
    run = simulate(
        system,
        named("euler_maruyama"),
        {"W1": W1, "W2": W2},
        STEPS * H,
        STEPS,
        paths,
        5,
        observe={"norm": lambda point: (point["W1"] ** 2).sum(axis=(1, 2))},
        workers=threads,
    )
    seconds = clock() - began
    norm: Moments = run.moments["norm"][0]
    return Measured(
        speed=1e-6 * paths * STEPS / seconds,
        mean=float(norm.mean),
        error=float(norm.standard_error),
    )


@pytest.mark.parametrize("threads", KEPT_BY_THREADS)
@pytest.mark.parametrize("sizes", SHARES, ids=str)
def test_numpy_reaches_its_share_of_the_c_limit(
    sizes: tuple[int, int, int], threads: int, tmp_path: Path, benchmark: Any
) -> None:
    if (os.cpu_count() or 1) < threads:
        pytest.skip(f"fewer than {threads} cores")
    problem = Problem(p=sizes[0], k=sizes[1], l=sizes[2])
    program, system = compiled(problem, tmp_path), problem.system(matmul)
    paths = threads * default_block(system)
    limits: list[Measured] = []
    found: list[Measured] = []
    benchmark.pedantic(
        lambda: found.append(run_numpy(system, problem, paths, threads)),
        setup=lambda: limits.append(run_c(program, problem, 4 * paths, threads)),
        rounds=ROUNDS,
    )
    limit, ours = (max(runs, key=lambda run: run.speed) for runs in (limits, found))
    share, least = ours.speed / limit.speed, SHARES[sizes] * KEPT_BY_THREADS[threads]
    benchmark.extra_info.update(
        sizes=sizes, threads=threads, c=limit.speed, numpy=ours.speed, share=share
    )
    print(
        f"\n{sizes}, {threads} thread{'s' * (threads > 1)}: NumPy {ours.speed:.3g}, "
        f"C {limit.speed:.3g} M path-steps/s, share {share:.1%} (at least {least:.0%})"
    )
    # Both must have simulated one thing.
    assert abs(ours.mean - limit.mean) < 5 * np.hypot(ours.error, limit.error)
    assert share >= least
