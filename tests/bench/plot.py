"""plot.py RESULT.json OUT.svg: one picture of a run, by hand, with no library."""

import json
import math
import sys
from html import escape

WIDTH = 820
LEFT, RIGHT = 190, 560  # the axis, between the names and the figures
ROW = 30
OURS, OTHER, FAINT, INK = "#1a5fb4", "#77767b", "#deddda", "#241f31"
NAMES = {
    "countersign": "Countersign",
    "google-authenticator": "google-authenticator",
    "oath": "pam_oath, 640 users",
    "permit": "pam_permit (the floor)",
}


class Picture:
    """SVG elements, from the top down."""

    def __init__(self):
        self.elements = []
        self.y = 34

    def text(self, x, y, text, size=13, anchor="start", weight="normal", fill=INK):
        self.elements.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"'
            f' font-weight="{weight}" fill="{fill}">{escape(text)}</text>'
        )

    def line(self, x1, y1, x2, y2, color, width, cap="butt"):
        self.elements.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}"'
            f' stroke-width="{width}" stroke-linecap="{cap}"/>'
        )

    def dot(self, x, y, color, radius, opacity=1.0):
        self.elements.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{color}" fill-opacity="{opacity}"/>'
        )

    def heading(self, title, note):
        self.text(20, self.y, title, size=15, weight="bold")
        self.text(20, self.y + 18, note, size=12, fill=OTHER)
        self.y += 32

    def write(self, path):
        body = "\n".join(self.elements)
        height = self.y + 6
        with open(path, "w", encoding="utf-8") as out:
            out.write(
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
                f'viewBox="0 0 {WIDTH} {height}" font-family="DejaVu Sans, Verdana, sans-serif">\n'
                f'<rect width="{WIDTH}" height="{height}" fill="white"/>\n{body}\n</svg>\n'
            )


def axis(picture, most, rows, label):
    """A linear axis from 0; the base's line at 1 is the dark one. Returns value -> x."""
    top, bottom = picture.y, picture.y + rows * ROW
    step = next(step for step in (0.25, 0.5, 1, 2, 5) if most / step <= 8)
    ticks = [n * step for n in range(math.ceil(most / step) + 1)]
    scale = (RIGHT - LEFT) / ticks[-1]
    for tick in ticks:
        x = LEFT + tick * scale
        picture.line(x, top, x, bottom, INK if tick == 1 else FAINT, 1)
        picture.text(x, bottom + 15, f"{tick:g}", size=11, anchor="middle", fill=OTHER)
    picture.text(RIGHT + 34, bottom + 15, label, size=11, fill=OTHER)
    return lambda value: LEFT + value * scale


def ratios(picture, kind, note, figure, without=()):
    """One kind of run: a dot per round (› for one beyond the axis), the quartiles, the median."""
    picture.heading(kind["title"][0].upper() + kind["title"][1:], note)
    rows = sorted(kind["targets"].items(), key=lambda item: item[1]["ratio"]["median"])
    rows = [row for row in rows if row[0] not in without]
    most = max(max(target["ratio"]["quartiles"][1], target["ratio"]["median"]) for _, target in rows) * 1.25
    place = axis(picture, most, len(rows), "times google-authenticator")
    for name, target in rows:
        y = picture.y + ROW / 2
        ratio = target["ratio"]
        color = OURS if name == "countersign" else OTHER
        picture.text(LEFT - 12, y + 4, NAMES[name], anchor="end", fill=color if color == OURS else INK)
        for value in target["ratios"]:
            if place(value) <= RIGHT:
                picture.dot(place(value), y, color, 2.5, 0.35)
        beyond = sum(place(value) > RIGHT for value in target["ratios"])
        if beyond:
            picture.text(RIGHT + 3, y + 4, "›" * beyond, fill=color)
        picture.line(place(ratio["quartiles"][0]), y, place(ratio["quartiles"][1]), y, color, 5, "round")
        picture.line(place(ratio["median"]), y - 9, place(ratio["median"]), y + 9, color, 3)
        picture.text(RIGHT + 34, y + 4, figure(target), fill=color if color == OURS else INK)
        picture.y += ROW
    picture.y += 52


def heap(picture, x, y, dots, color):
    """So many dots, close together around a point."""
    columns, rows = min(dots, 6), math.ceil(dots / 6)
    for n in range(dots):
        column, row = n % 6, n // 6
        picture.dot(x + (column - (columns - 1) / 2) * 5, y + (row - (rows - 1) / 2) * 5, color, 2)


def races(picture, result):
    """How many one code let in, a dot per round."""
    at_once = result["logins_at_once"]
    picture.heading(
        f"One code, {at_once} logins at once", "how many of them were let in, a dot per round; one is right"
    )
    scale = (RIGHT - LEFT) / at_once
    height = ROW * 1.4
    for count in range(at_once + 1):
        x = LEFT + count * scale
        picture.line(x, picture.y, x, picture.y + height * len(result["accepted"]), INK if count == 1 else FAINT, 1)
        picture.text(x, picture.y + height * len(result["accepted"]) + 15, str(count), 11, "middle", fill=OTHER)
    for name, accepted in sorted(result["accepted"].items()):
        middle = picture.y + height / 2
        color = OURS if name == "countersign" else OTHER
        picture.text(LEFT - 12, middle + 4, NAMES[name], anchor="end", fill=color if color == OURS else INK)
        for count in sorted(set(accepted)):
            heap(picture, LEFT + count * scale, middle, accepted.count(count), color)
        wrong = sum(count != 1 for count in accepted)
        picture.text(RIGHT + 34, middle + 4, f"more than one in {wrong} of {len(accepted)}" if wrong else "one, always",
                     fill=color if color == OURS else INK)
        picture.y += height
    picture.y += 34


def draw(result):
    """The whole picture."""
    picture = Picture()
    kinds = result["kinds"]

    def latency(target):
        refused = f", {target['refused']} refused" if target["refused"] else ""
        return f"{target['p50_us'] / 1000:.2f} ms{refused}"

    def throughput(target):
        share = 100 * target["refused"] / target["logins"]
        return f"{target['accepted_per_s']:.0f} logins/s" + (f", {share:.0f} % refused" if share else "")

    less = "median time of a login, a dot per round; less is better"
    ratios(picture, kinds["fresh"], less, latency)
    ratios(picture, kinds["same"], less, latency)
    # Without the floor, which writes nothing and would leave no room for the others.
    more = "accepted logins per second, a dot per round; more is better"
    ratios(picture, kinds["parallel"], more, throughput, ["permit"])
    races(picture, result["races"])
    machine = result["machine"]
    picture.text(
        20, picture.y, f"{result['date']}, {machine['processors']} processors, {machine['filesystem']}, "
        f"{machine['distribution']}. google-authenticator with DISALLOW_REUSE and RATE_LIMIT.", 11, fill=OTHER
    )
    picture.y += 14
    return picture


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        draw(json.load(file)).write(sys.argv[2])


if __name__ == "__main__":
    main()
