"""Of runs of the engine side by side, none goes on where another has failed and the command has ended."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ENGINE = """\
#!/bin/sh
case "$1 $2" in
"stack --show-name") sleep 0.5; echo "error: no stack selected" >&2; exit 255 ;;
esac
echo $$ >>"$STARTED"
exec sleep 60
"""


@pytest.mark.parametrize("command", ["status", "drift", "verify", "export", "report"])
def test_a_command_that_fails_leaves_no_run_behind(command: str, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "pulumi").write_text(ENGINE)
    (tmp_path / "pulumi").chmod(0o755)
    started = tmp_path / "started"
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI", "SUPABASE_CRON"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "cronctl", command],
        env={**kept, "SUPABASE_CRON_ENGINE": str(tmp_path), "STARTED": str(started), "PYTHONPATH": str(Path.cwd())},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 3, done
    assert "the engine knows of none: no stack selected" in done.stderr
    assert "Exception ignored" not in done.stderr
    for pid in map(int, started.read_text().split()):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
