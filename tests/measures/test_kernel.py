import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from risk.measures import tail, tail_kernels
from risk.measures.kernel import KERNELS
from risk.measures.warm import main, warm_kernels
from tests.measures.every_kernel import answers


def test_compiled_and_interpreted_give_one_answer(tmp_path):
    """The interpreter is the compiler's oracle, refusals included."""
    file = tmp_path / "interpreted.npz"
    subprocess.run(
        [sys.executable, "-m", "tests.measures.every_kernel", str(file)],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        check=True,
        timeout=100,
    )

    interpreted, compiled = dict(np.load(file)), answers()

    assert interpreted.keys() == compiled.keys()
    assert interpreted.pop("refusals").tolist() == compiled.pop("refusals").tolist()
    for name, expected in interpreted.items():
        np.testing.assert_allclose(compiled[name], expected, rtol=1e-11, atol=1e-14, err_msg=name)


def test_warming_leaves_each_kernel_with_one_version():
    warm_kernels()

    assert len(KERNELS) >= 10
    for entry in KERNELS:
        assert len(entry.compiled.signatures) == 1, entry.function.__name__


def test_a_wrong_type_is_an_error_and_no_second_compilation():
    with pytest.raises(TypeError):
        tail_kernels.historical(np.arange(10), np.array([0.95]))
    assert len(tail_kernels.historical.compiled.signatures) == 1


def test_frozen_arrays_are_welcome():
    losses = np.linspace(0.0, 1.0, 100)
    losses.setflags(write=False)

    assert tail.historical_var(losses, level=0.5) == pytest.approx(0.5)


def test_warming_says_how_many_are_ready(capsys):
    main()

    assert f"{len(KERNELS)} kernels ready" in capsys.readouterr().out


def test_warming_knows_every_module_with_kernels():
    """A program of its own: here other tests have imported whatever has kernels."""
    registered = "from risk.measures import warm; print(len(warm.KERNELS))"
    warmed = subprocess.run([sys.executable, "-c", registered], capture_output=True, check=True)
    written = sum(
        line.startswith("@kernel(")
        for file in Path(tail.__file__).parent.rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
    )

    assert int(warmed.stdout) == written
