"""Writes the commands of CI recipes to FOLDER: the shell blocks of ContinuousIntegration.md, the scripts of
its GitLab job, and the steps of the composite action. Fails if YAML does not parse, or if a workflow has
unknown inputs."""
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    page = (ROOT / "Sources/SWTVerification/SWTVerification.docc/ContinuousIntegration.md").read_text()
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", page, re.M | re.S)
    action = yaml.safe_load((ROOT / ".github/actions/verify/action.yml").read_text())
    workflow = yaml.safe_load((ROOT / ".github/workflows/verify-model.yml.example").read_text())
    uses = [step for job in workflow["jobs"].values() for step in job["steps"]]
    number = 0
    for language, text in blocks:
        if language == "sh":
            (folder / f"{number}.sh").write_text(text)
        else:
            document = yaml.safe_load(text)
            if isinstance(document, list):
                uses += document
                continue
            (folder / f"{number}.sh").write_text("\n".join(document["verify"]["script"]) + "\n")
        number += 1
    named = [step for step in uses if "actions/verify" in step.get("uses", "")]
    assert len(named) == 2, named
    for step in named:
        unknown = set(step["with"]) - set(action["inputs"])
        assert not unknown, f"the action has no input {unknown}"
    assert action["runs"]["using"] == "composite"
    for place, step in enumerate(action["runs"]["steps"]):
        # An expression inside a script would allow injection through file names.
        assert "${{" not in step["run"], "inputs must be passed in env"
        (folder / f"action-{place}").write_text(step["run"])
    print(number, "recipes")


main(pathlib.Path(sys.argv[1]))
