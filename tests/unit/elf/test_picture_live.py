"""The page of a size report in a browser: clicked, searched, typed at, in both sizes and themes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.browser import browser
from tinyml.elf import draw, picture
from tinyml.errors import UserError
from unit.elf.size_documents import HOSTILE, document, leaf

KERNELS = {"group": "kernels", "library": "libkernels.a"}
OLD = [
    leaf("main", 2000),
    leaf("print", 900),
    leaf("gone", 1500),
    leaf("conv_2d", 4000, object="conv.o", **KERNELS),
    leaf("softmax", 3000, object="softmax.o", **KERNELS),
    leaf("arena", 9000, "SRAM1", group="arena", object="model.o"),
]
NEW = [
    leaf("main", 2600),
    leaf("print", 900),
    leaf("conv_2d", 3000, object="conv.o", **KERNELS),
    leaf("conv_row", 700, object="conv.o", **KERNELS),
    leaf("softmax", 3000, object="softmax.o", **KERNELS),
    *(leaf(name, 600 + 10 * i, group="hostile") for i, name in enumerate(HOSTILE)),
    leaf("arena", 9000, "SRAM1", group="arena", object="model.o"),
    leaf("buffer", 500, "DTCM"),
]
HOSTILE_BYTES = sum(600 + 10 * i for i in range(len(HOSTILE)))
FLASH = sum(row["bytes"] for row in NEW if row["region"] == "FLASH")
SAYS = " \u203a ".join(("kernels", "libkernels.a", "conv.o", "conv_2d"))
WIDTHS = {"desktop": (1280, 900), "phone": (400, 800)}


BOX_OF_PATH = """
return [...document.querySelectorAll('.box')].find(b => b.node.path.join('/') === arguments[0]);
"""
ROWS = """
return [...document.querySelectorAll('#rows tr')]
  .map(row => [row.cells[0].firstChild.textContent, row.cells[1].textContent]);
"""
# Of each leaf: its bytes, and left, top, right and bottom of its box.
PLACES = """
return [...document.querySelectorAll('.box.leaf')].map(box => {
  const r = box.getBoundingClientRect();
  return [box.node.now, r.left, r.top, r.right, r.bottom];
});
"""
BRIGHT = """
return [...document.querySelectorAll('.box.leaf:not(.dim)')].map(b => b.node.data.n).sort();
"""
BEYOND = """
return [...document.body.querySelectorAll('*')].filter(e => e.offsetParent)
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1
            || e.getBoundingClientRect().left < -1)
  .map(e => e.outerHTML.slice(0, 80));
"""
# The contrast of WCAG 2 between text and ground, for all text that stands on a plain ground.
CONTRASTS = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgb = (colour) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
  .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (e) => {
  for (; e; e = e.parentElement) {
    const style = getComputedStyle(e);
    if (style.backgroundImage !== 'none') return null;
    const colour = rgb(style.backgroundColor);
    if (colour[3] === 255) return colour;
  }
  return null;
};
const found = [21];
const texts = 'h1, p, button, .box, .region *, th, td, small, caption, li, span';
for (const e of document.querySelectorAll(texts)) {
  if (!e.textContent.trim() || !e.offsetParent) continue;
  const below = ground(e);
  if (!below) continue;
  const [a, b] = [light(rgb(getComputedStyle(e).color)), light(below)];
  found.push((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
}
return found;
"""


class View:
    """The page in the browser, in the words of somebody who uses it."""

    def __init__(self, driver: Any, path: Path) -> None:
        """Keep the browser and the page's place."""
        self.driver = driver
        self.path = path

    def open(self, width: int = 1280, height: int = 900, theme: str = "light") -> None:
        """Open the page anew in a window of this size, on a system with this theme."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.driver.get(self.path.as_uri())
        self.run("localStorage.clear()")
        self.driver.get(self.path.as_uri())

    def run(self, script: str, *words: object) -> Any:
        """Return what a script gives."""
        return self.driver.execute_script(script, *words)

    def all(self, selector: str) -> list[Any]:
        """Return the elements of a CSS selector."""
        return list(self.driver.find_elements("css selector", selector))

    def texts(self, selector: str) -> list[str]:
        """Return their text."""
        return [str(element.text) for element in self.all(selector)]

    def box(self, *path: str) -> Any:
        """Return the box of a node, by the names that lead to it."""
        return self.run(BOX_OF_PATH, "/".join(path))

    def open_box(self, *path: str) -> None:
        """Click on the heading of a box that holds others."""
        from selenium.webdriver import ActionChains

        box = self.box(*path)
        x, y = 12 - box.rect["width"] // 2, 8 - box.rect["height"] // 2
        ActionChains(self.driver).move_to_element_with_offset(box, x, y).click().perform()

    def rows(self) -> dict[str, str]:
        """Return the table: bytes by name."""
        cells = self.run(ROWS)
        return {str(name): str(count) for name, count in cells}

    def button(self, text: str) -> Any:
        """Return the button with this text."""
        return next(b for b in self.all("button") if b.text == text)

    def type(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        from selenium.webdriver import ActionChains

        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def focused(self) -> str:
        """Return the name of the box that has the focus."""
        return str(self.run("const n = document.activeElement.node; return n ? n.data.n : ''"))

    def where(self) -> list[str]:
        """Return the path above the map."""
        return self.texts("#path button")

    def errors(self) -> list[str]:
        """Return what the browser complains of."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return one browser for all tests of this file."""
    with browser(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture(scope="module")
def layout() -> picture.Library:
    """Return the layout library; skip where it has not been fetched."""
    try:
        return draw.layout(None)
    except UserError as error:
        pytest.skip(f"{error.culprit}: {error.hint}")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, layout: picture.Library) -> Path:
    """Return a folder with the page of one build, and of two compared."""
    folder = tmp_path_factory.mktemp("pages")
    new, old = document(*NEW, build={"opt": "speed"}), document(*OLD, build={"opt": "size"})
    (folder / "plain.html").write_text(picture.page(new, layout))
    (folder / "diff.html").write_text(picture.page(new, layout, old))
    (folder / "empty.html").write_text(picture.page(document(), layout))
    return folder


@pytest.fixture
def plain(driver: Any, pages: Path) -> Iterator[View]:
    """Return the page of one build; the browser must have nothing to complain of."""
    yield from _checked(View(driver, pages / "plain.html"))


@pytest.fixture
def diff(driver: Any, pages: Path) -> Iterator[View]:
    """Return the page of two builds."""
    yield from _checked(View(driver, pages / "diff.html"))


def _checked(view: View) -> Iterator[View]:
    view.open()
    yield view
    assert view.errors() == []
    assert view.driver.title == "Size of x.elf on tiny"


def test_boxes_are_as_large_as_what_they_show(plain: View) -> None:
    """Leaves do not overlap, and their areas are in proportion to their bytes."""
    boxes = plain.run(PLACES)
    assert len(boxes) == len(NEW) - 2
    for i, (_, left, top, right, bottom) in enumerate(boxes):
        for _, x0, y0, x1, y1 in boxes[:i]:
            assert min(right, x1) <= max(left, x0) or min(bottom, y1) <= max(top, y0)
    shares = [(right - left) * (bottom - top) / count for count, left, top, right, bottom in boxes]
    # Headings take room away from small groups: no box is off by more than that.
    assert max(shares) < 2 * min(shares)


def test_hostile_names_are_shown_and_do_nothing(plain: View) -> None:
    """Not even in the table, the path, the details or the tip; the title stays what it is."""
    plain.open_box("hostile")
    assert set(plain.rows()) == {"(objects)"}
    plain.button("(objects)").click()
    plain.button("main.o").click()
    assert set(plain.rows()) == set(HOSTILE)
    for element in plain.all(".box"):
        plain.driver.execute_script("arguments[0].focus()", element)
    assert plain.all("#map img, #rows img, #detail img, #map a, #rows a") == []


def test_click_goes_in_and_the_path_goes_out(plain: View) -> None:
    """Map, path and table always show the same place."""
    assert plain.where() == ["All flash"]
    assert plain.rows()["hostile"] == f"{HOSTILE_BYTES:,} B"
    plain.open_box("kernels")
    assert plain.where() == ["All flash", "kernels"]
    assert plain.rows() == {"libkernels.a": "6,700 B"}
    plain.open_box("kernels", "libkernels.a", "conv.o")
    assert plain.where()[-1] == "conv.o"
    assert plain.rows() == {"conv_2d": "3,000 B", "conv_row": "700 B"}
    plain.button("kernels").click()
    assert plain.where() == ["All flash", "kernels"]
    plain.button("All flash").click()
    assert plain.where() == ["All flash"]


def test_a_row_of_the_table_opens_too(plain: View) -> None:
    """On a small screen it is easier to hit."""
    plain.button("kernels").click()
    assert plain.where() == ["All flash", "kernels"]


def test_flash_and_ram(plain: View) -> None:
    """Two pictures of one build; the regions are always there."""
    assert plain.texts("#memory button") == [f"Flash {FLASH:,} B", "RAM 9,500 B"]
    plain.button("RAM 9,500 B").click()
    assert plain.rows() == {"arena": "9,000 B", "app": "500 B"}
    assert plain.where() == ["All RAM"]
    assert plain.texts(".region b") == ["FLASH", "DTCM", "SRAM1"]
    pressed = [b.text for b in plain.all("#memory button[aria-pressed=true]")]
    assert pressed == ["RAM 9,500 B"]


def test_search(plain: View) -> None:
    """Finds by name, library, object, file or region; the map dims the rest, the table lists."""
    search = plain.all("#search")[0]
    search.send_keys("CONV")
    assert plain.rows() == {"conv_2d": "3,000 B", "conv_row": "700 B"}
    assert plain.texts("#found") == ["2 found, 3,700 B"]
    bright = plain.run(BRIGHT)
    assert bright == ["conv_2d", "conv_row"]
    search.clear()
    search.send_keys("libkernels")
    assert len(plain.rows()) == 3
    search.clear()
    search.send_keys("no such thing")
    assert plain.texts("#found") == ["nothing found"]
    assert plain.rows() == {}


def test_keyboard_alone(plain: View) -> None:
    """Everything that a pointer can do: reach the map, walk, open, go back, search."""
    from selenium.webdriver import Keys

    plain.type("/")
    plain.type("softmax", Keys.TAB)
    assert plain.texts("#found") == ["1 found, 3,000 B"]
    plain.type(Keys.TAB)
    assert plain.focused() == "kernels"
    plain.type(Keys.ARROW_DOWN)
    assert plain.focused() == "hostile"
    plain.type(Keys.ARROW_UP, Keys.ARROW_RIGHT)
    assert plain.focused() == "libkernels.a"
    plain.type(Keys.ARROW_RIGHT, Keys.END)
    assert plain.focused() == "softmax.o"
    plain.type(Keys.HOME, Keys.ARROW_RIGHT)
    assert plain.focused() == "conv_2d"
    assert SAYS in plain.texts("#detail")[0]
    plain.type(Keys.ARROW_LEFT, Keys.ENTER)
    assert plain.where() == ["All flash", "kernels", "libkernels.a", "conv.o"]
    plain.type(Keys.ESCAPE)
    assert plain.where() == ["All flash", "kernels", "libkernels.a"]
    assert plain.focused() == "conv.o"
    plain.type(Keys.BACKSPACE, Keys.BACKSPACE)
    assert plain.where() == ["All flash"]
    assert plain.focused() == "kernels"
    plain.type("/", Keys.ESCAPE)
    assert plain.texts("#found") == [""]


def test_exactly_one_box_is_reached_by_tab(plain: View) -> None:
    """A map of thousands of boxes must not hold the Tab key up."""
    assert len(plain.all(".box[tabindex='0']")) == 1


def test_what_a_screen_reader_says(plain: View) -> None:
    """Each box has a name, a level, and its numbers in words."""
    box = plain.box("kernels", "libkernels.a", "conv.o", "conv_2d")
    label = box.get_attribute("aria-label")
    assert label.startswith(f"{SAYS}, 3,000 B, ")
    assert label.endswith("in FLASH, main.c")
    assert box.get_attribute("role") == "treeitem"
    assert box.get_attribute("aria-level") == "4"


def test_hover_tells(plain: View) -> None:
    """The tip is beside the pointer and inside the window."""
    from selenium.webdriver import ActionChains

    box = plain.box("kernels", "libkernels.a", "conv.o", "conv_2d")
    ActionChains(plain.driver).move_to_element(box).perform()
    (tip,) = plain.all("#tip")
    assert tip.is_displayed()
    assert "3,000 B" in tip.text
    place = tip.rect
    assert place["x"] >= 0 and place["x"] + place["width"] <= 1280
    ActionChains(plain.driver).move_to_element(plain.all("h1")[0]).perform()
    assert not tip.is_displayed()


def test_the_comparison_colours_growth(diff: View) -> None:
    """What grew, shrank, is new, gone or as it was can be told apart by colour and by number."""
    colours = diff.run(
        "return Object.fromEntries([...document.querySelectorAll('.box.leaf')]"
        ".map(b => [b.node.data.n, getComputedStyle(b).backgroundColor]))"
    )
    assert colours["print"] == colours["softmax"]
    assert len({colours[name] for name in ("main", "conv_2d", "print")}) == 3
    gone = diff.box("app", "(objects)", "main.o", "gone")
    assert "removed" in gone.get_attribute("class")
    assert "gone\n\N{MINUS SIGN}1,500" in gone.text
    assert "main\n+600" in diff.box("app", "(objects)", "main.o", "main").text
    assert "was 4,000 B, change \N{MINUS SIGN}1,000" in diff.box(
        "kernels", "libkernels.a", "conv.o", "conv_2d"
    ).get_attribute("aria-label")
    diff.button("Size").click()
    assert diff.box("app", "(objects)", "main.o", "gone") is None
    assert diff.texts("#legend span")[:2] == ["kernels", "hostile"]


def test_the_comparison_lists_the_biggest_change_first(diff: View) -> None:
    """And says what it compares with."""
    assert list(diff.rows())[:2] == ["hostile", "app"]
    assert "compared with x.elf on tiny, opt size" in diff.texts("header p")


@pytest.mark.parametrize("size", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["plain", "diff"])
def test_fits_and_can_be_read(driver: Any, pages: Path, name: str, theme: str, size: str) -> None:
    """No sideways scrolling, nothing outside the window, text that stands out from its ground."""
    view = View(driver, pages / f"{name}.html")
    view.open(*WIDTHS[size], theme)
    width = WIDTHS[size][0]
    assert view.run("return document.documentElement.scrollWidth") <= width
    beyond = view.run(BEYOND)
    assert beyond == []
    assert min(view.run(CONTRASTS)) >= 4.5
    assert view.errors() == []


def test_the_switch_beats_the_system(plain: View) -> None:
    """Auto, light, dark; the choice is still there when the page is opened again."""
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = plain.run(ground)
    plain.button("Auto").click()
    assert plain.run(ground) == light
    plain.button("Light").click()
    dark = plain.run(ground)
    assert dark != light
    plain.driver.refresh()
    assert plain.run(ground) == dark
    plain.button("Dark").click()
    assert plain.run(ground) == light
    plain.open(theme="dark")
    assert plain.run(ground) == dark
    plain.button("Auto").click()
    assert plain.run(ground) == light


def test_the_map_follows_the_window(plain: View) -> None:
    """Also when a phone is turned."""
    plain.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 700, "height": 500, "deviceScaleFactor": 1, "mobile": False},
    )
    plain.driver.execute_async_script(
        "const done = arguments[0]; requestAnimationFrame(() => setTimeout(done, 50))"
    )
    right = max(place[3] for place in plain.run(PLACES))
    assert 600 < right <= 700


def test_nothing_to_show(driver: Any, pages: Path) -> None:
    """A file that takes up no memory is a page that says so, and no error."""
    view = View(driver, pages / "empty.html")
    view.open()
    assert view.texts("#detail") == ["Nothing in this file takes up memory."]
    assert view.errors() == []
