"""A notebook of Jupyter, checked and run from its first cell to its last without Jupyter."""

import json
import linecache
import re


class Notebook:
    def __init__(self, path):
        self.path = path
        self.content = json.loads(path.read_text())

    def breaches(self):
        """What nbformat 4.5 forbids, and cells that are not as they are committed: without outputs."""
        found = []
        if (self.content["nbformat"], self.content["nbformat_minor"]) != (4, 5) or "metadata" not in self.content:
            found.append("no notebook of nbformat 4.5")
        for number, cell in enumerate(self.content["cells"], 1):
            expected = {"id", "cell_type", "metadata", "source"}
            if cell["cell_type"] == "code":
                expected |= {"outputs", "execution_count"}
                if cell["outputs"] or cell["execution_count"] is not None:
                    found.append(f"cell {number} has outputs: clear them")
            elif cell["cell_type"] != "markdown":
                found.append(f"cell {number} is neither code nor text")
            if set(cell) != expected:
                found.append(f"cell {number} has {sorted(cell)}")
            if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", cell.get("id", "")):
                found.append(f"cell {number} has no proper id")
        if len({cell.get("id") for cell in self.content["cells"]}) < len(self.content["cells"]):
            found.append("two cells have one id")
        return found

    def run(self):
        """Runs all cells of code in one namespace, and gives it. A traceback names the cell and shows its lines."""
        namespace = {"__name__": "__main__"}
        for number, cell in enumerate(self.content["cells"], 1):
            if cell["cell_type"] == "code":
                name, source = f"<{self.path.name}, cell {number}>", "".join(cell["source"])
                linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
                exec(compile(source, name, "exec"), namespace)
        return namespace
