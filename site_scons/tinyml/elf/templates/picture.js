"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const HEADER = 18; // room for the name of a box that holds others, in pixels
  const LEAST = 3; // a box narrower or lower than this is not drawn
  const MOST_ROWS = 200;
  const LEVELS = ["group", "library", "object", "symbol"];
  const HUES = [250, 40, 150, 320, 95, 200, 15, 285, 125, 60, 225, 345];

  const state = { memory: "", mode: data.diff ? "change" : "size", root: null, query: "", focus: null };

  // --- numbers and words --------------------------------------------------------------

  const number = (value) => value.toLocaleString("en-US");
  const bytes = (value) => `${number(value)} B`;
  const signed = (value) => (value > 0 ? `+${number(value)}` : number(value).replace("-", "\u2212"));
  const percent = (part, whole) => {
    if (!whole) return "\u2013";
    const value = (100 * part) / whole;
    return `${value > 0 && value < 0.05 ? "<0.1" : value.toFixed(1)} %`;
  };

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text; // never markup: names are untrusted
    return made;
  }

  // --- the trees ------------------------------------------------------------------------

  function grow(tree) {
    const root = d3.hierarchy(tree, (node) => node.c);
    root.eachAfter((node) => {
      const inside = node.children || [];
      node.now = inside.length ? inside.reduce((sum, child) => sum + child.now, 0) : node.data.b || 0;
      node.old = inside.length ? inside.reduce((sum, child) => sum + child.old, 0) : node.data.o || 0;
    });
    root.each((node) => {
      node.path = node.ancestors().reverse().slice(1).map((above) => above.data.n);
      const words = [...node.path, node.data.f, node.data.r, node.data.h].filter(Boolean);
      node.words = words.join("\n").toLowerCase();
    });
    return root;
  }

  const trees = {};
  for (const memory of Object.keys(data.trees)) trees[memory] = grow(data.trees[memory]);
  const groups = [...new Set(Object.values(trees).flatMap((tree) => tree.children.map((group) => group.data.n)))];
  groups.sort();
  const hue = (node) => {
    const group = node.depth ? node.ancestors().at(-2).data.n : "";
    return String(HUES[groups.indexOf(group) % HUES.length]);
  };

  // In the picture of a change, what was removed still takes the room that it had.
  const weigh = (node) => (state.mode === "change" ? Math.max(node.now, node.old) : node.now);

  // A part of a tree that is laid out anew has the data of the whole one: this leads back.
  const byData = new Map();
  for (const tree of Object.values(trees)) tree.each((node) => byData.set(node.data, node));

  // --- drawing --------------------------------------------------------------------------

  const map = at("map");
  // Drawn over all boxes: those inside the focused one would cover a frame of its own.
  const ring = element("div");
  ring.id = "ring";
  let boxes = [];
  let drawnWidth = 0;

  const matches = (node) => !state.query || node.words.includes(state.query);

  // A box is dimmed where nothing in it was found.
  function dim() {
    trees[state.memory].eachAfter((node) => {
      node.found = node.children ? node.children.some((child) => child.found) : matches(node);
    });
    for (const box of boxes) box.classList.toggle("dim", !box.node.found);
  }

  function drawMap() {
    const { clientWidth: width, clientHeight: height } = map;
    const laid = layOut(width, height);
    boxes = [];
    const parts = document.createDocumentFragment();
    // d3 goes through a tree by level: a box comes after the one it lies in.
    for (const node of laid) {
      if (node === laid || node.x1 - node.x0 < LEAST || node.y1 - node.y0 < LEAST) continue;
      const box = drawBox(node);
      parts.append(box);
      boxes.push(box);
    }
    ring.hidden = true;
    parts.append(ring);
    map.replaceChildren(parts);
    if (boxes.length) boxes[0].tabIndex = 0;
    if (state.query) dim();
    drawnWidth = width;
  }

  function layOut(width, height) {
    const laid = d3.hierarchy(state.root.data, (node) => node.c);
    laid.each((node) => { node.original = byData.get(node.data); });
    laid.eachAfter((node) => {
      node.value = node.children ? node.children.reduce((sum, child) => sum + child.value, 0) : weigh(node.original);
    });
    laid.sort((a, b) => b.value - a.value || (a.data.n < b.data.n ? -1 : 1));
    const frame = (room) => (node) => (node.depth && node.children ? room : 0);
    return d3.treemap().size([width, height]).round(true).paddingInner(1)
      .paddingTop(frame(HEADER)).paddingRight(frame(2)).paddingBottom(frame(2)).paddingLeft(frame(2))(laid);
  }

  function drawBox(laid) {
    const node = laid.original;
    const width = laid.x1 - laid.x0;
    const height = laid.y1 - laid.y0;
    const box = element("div", `box ${node.children ? "inner" : "leaf"}`);
    box.style.left = `${laid.x0}px`;
    box.style.top = `${laid.y0}px`;
    box.style.width = `${width}px`;
    box.style.height = `${height}px`;
    box.style.setProperty("--hue", hue(node));
    if (state.mode === "change") colourChange(box, node);
    if (width > 28 && height > 14) writeName(box, node, height);
    else box.style.padding = "0";
    box.node = node;
    box.laid = laid;
    laid.box = box;
    box.tabIndex = -1;
    box.setAttribute("role", "treeitem");
    box.setAttribute("aria-level", String(laid.depth));
    if (node.children) box.setAttribute("aria-expanded", "true");
    box.setAttribute("aria-label", describe(node).join(", "));
    return box;
  }

  function writeName(box, node, height) {
    if (node.children) {
      box.append(element("b", "", node.data.n), ` ${amount(node)}`);
      return;
    }
    box.append(node.data.n);
    if (height > 32) box.append(element("span", "sub", amount(node)));
  }

  const amount = (node) => (state.mode === "change" ? signed(node.now - node.old) : bytes(node.now));

  function colourChange(box, node) {
    box.classList.add("change");
    const change = node.now - node.old;
    if (!node.now && node.old) box.classList.add("removed");
    // The root of the share keeps a small change visible beside a large one.
    const share = Math.min(1, Math.sqrt(Math.abs(change) / greatest()));
    box.style.setProperty("--tone", change > 0 ? "var(--grown)" : "var(--shrunk)");
    box.style.setProperty("--weight", change ? `${Math.round(30 + 70 * share)}%` : "0%");
  }

  const greatestOf = new Map();
  function greatest() {
    if (!greatestOf.has(state.memory)) {
      const changes = trees[state.memory].leaves().map((leaf) => Math.abs(leaf.now - leaf.old));
      greatestOf.set(state.memory, changes.reduce((a, b) => Math.max(a, b), 1));
    }
    return greatestOf.get(state.memory);
  }

  // --- words about one node ---------------------------------------------------------------

  function describe(node) {
    const whole = trees[state.memory];
    const lines = [node.depth ? node.path.join(" \u203a ") : `all ${state.memory}`];
    const share = `${percent(node.now, whole.now)} of ${state.memory}`;
    lines.push(`${bytes(node.now)}, ${share}`);
    if (node.parent && node.parent !== whole) {
      lines.push(`${percent(node.now, node.parent.now)} of its ${LEVELS[node.depth - 2]}`);
    }
    if (data.diff) lines.push(`was ${bytes(node.old)}, change ${signed(node.now - node.old)}${how(node)}`);
    if (node.children) lines.push(`${number(node.leaves().length)} symbols`);
    if (node.data.k) lines.push(node.data.k);
    if (node.data.r) lines.push(`in ${node.data.r}`);
    if (node.data.f) lines.push(node.data.f);
    return lines;
  }

  const how = (node) => (node.data.h ? ` (${node.data.h})` : "");

  function tell(node) {
    at("detail").textContent = describe(node || state.root).join("  \u00b7  ");
  }

  // --- the table --------------------------------------------------------------------------

  function drawTable() {
    const found = state.query ? state.root.leaves().filter(matches) : state.root.children || [];
    const rows = [...found].sort(order);
    const shown = rows.slice(0, MOST_ROWS);
    at("found").textContent = state.query ? summary(rows) : "";
    at("caption").textContent = caption(rows, shown);
    const heads = [element("th", "", "name"), element("th", "number", "bytes")];
    if (data.diff) heads.push(element("th", "number", "change"));
    heads.push(element("th", "share", "share"));
    heads.forEach((head) => { head.scope = "col"; });
    at("heads").replaceChildren(...heads);
    at("rows").replaceChildren(...shown.map(drawRow));
  }

  function order(a, b) {
    const change = (node) => Math.abs(node.now - node.old);
    if (state.mode === "change" && change(a) !== change(b)) return change(b) - change(a);
    return b.now - a.now || (a.data.n < b.data.n ? -1 : 1);
  }

  function summary(rows) {
    const sum = rows.reduce((total, node) => total + node.now, 0);
    return rows.length ? `${number(rows.length)} found, ${bytes(sum)}` : "nothing found";
  }

  function caption(rows, shown) {
    const left = rows.length - shown.length;
    const rest = left ? ` (the first ${number(shown.length)}; ${number(left)} more)` : "";
    const place = state.root.depth ? state.root.path.join(" \u203a ") : `all ${state.memory}`;
    if (state.query) return `Symbols found in ${place}${rest}`;
    return `${place}, by ${LEVELS[state.root.depth] || "symbol"}${rest}`;
  }

  function drawRow(node) {
    const row = element("tr");
    row.style.setProperty("--hue", hue(node));
    const name = element("td", "name");
    if (node.children) {
      const open = element("button", "", node.data.n);
      open.type = "button";
      open.addEventListener("click", () => zoom(node));
      name.append(open);
    } else {
      name.append(node.data.n + (data.diff ? how(node) : ""));
    }
    if (state.query) name.append(element("small", "", node.path.slice(0, -1).join(" \u203a ")));
    row.append(name, element("td", "number", bytes(node.now)));
    if (data.diff) {
      const change = node.now - node.old;
      const cell = element("td", "number", change ? signed(change) : "0");
      if (change) cell.classList.add(change > 0 ? "up" : "down");
      row.append(cell);
    }
    row.append(drawShare(node));
    return row;
  }

  function drawShare(node) {
    const cell = element("td", "share");
    const line = element("div");
    const track = element("div", "track");
    const fill = element("div", "fill");
    fill.style.width = `${state.root.now ? (100 * node.now) / state.root.now : 0}%`;
    track.append(fill);
    line.append(track, element("span", "", percent(node.now, state.root.now)));
    cell.append(line);
    return cell;
  }

  // --- around the map -----------------------------------------------------------------------

  function drawRegions() {
    at("facts").textContent = Object.entries(data.build).map(([name, value]) => `${name} ${value}`).join(" \u00b7 ");
    at("regions").replaceChildren(...data.regions.map((region) => {
      const entry = element("div", "region");
      const of = region.size ? `${percent(region.used, region.size)} of ${bytes(region.size)}` : bytes(region.used);
      const change = region.old === undefined ? 0 : region.used - region.old;
      entry.append(element("b", "", region.name), element("span", "muted", of + (change ? ` (${signed(change)})` : "")));
      const track = element("div", "track");
      const fill = element("div", region.used > region.size ? "fill over" : "fill");
      fill.style.width = `${region.size ? Math.min(100, (100 * region.used) / region.size) : 0}%`;
      if (!region.used) fill.hidden = true;
      track.append(fill);
      entry.append(track);
      return entry;
    }));
  }

  function choice(id, entries, current, pick) {
    at(id).replaceChildren(...entries.map(([value, label]) => {
      const button = element("button", "", label);
      button.type = "button";
      button.value = value;
      button.setAttribute("aria-pressed", String(value === current));
      button.addEventListener("click", () => pick(value));
      return button;
    }));
  }

  function drawChoices() {
    const focused = document.activeElement;
    const where = focused && focused.closest(".choice") ? [focused.closest(".choice").id, focused.value] : null;
    const memories = Object.keys(trees).map((memory) => [memory, `${memory === "ram" ? "RAM" : "Flash"} ${bytes(trees[memory].now)}`]);
    choice("memory", memories, state.memory, (memory) => show(memory));
    if (data.diff) {
      choice("mode", [["change", "Change"], ["size", "Size"]], state.mode, (mode) => { state.mode = mode; draw(); });
    }
    if (where) [...at(where[0]).children].find((button) => button.value === where[1]).focus();
  }

  function drawPath() {
    const nodes = state.root.ancestors().reverse();
    at("path").replaceChildren(...nodes.map((node) => {
      const item = element("li");
      const button = element("button", "", node.depth ? node.data.n : `All ${state.memory === "ram" ? "RAM" : "flash"}`);
      button.type = "button";
      if (node === state.root) button.setAttribute("aria-current", "location");
      button.addEventListener("click", () => zoom(node));
      item.append(button);
      return item;
    }));
  }

  function drawLegend() {
    const entry = (className, text, angle) => {
      const part = element("span");
      const colour = element("i", className);
      if (angle) colour.style.setProperty("--hue", angle);
      part.append(colour, text);
      return part;
    };
    if (state.mode === "change") {
      at("legend").replaceChildren(
        entry("grown", "grown or new"), entry("shrunk", "shrunk"), entry("gone", "removed (as large as it was)"), entry("same", "unchanged"));
      return;
    }
    const present = [...trees[state.memory].children].sort((a, b) => b.now - a.now);
    at("legend").replaceChildren(...present.map((group) => entry("", group.data.n, hue(group))));
  }

  function draw() {
    drawChoices();
    drawPath();
    drawMap();
    drawLegend();
    drawTable();
    tell(null);
  }

  function show(memory) {
    state.memory = memory;
    state.root = trees[memory];
    draw();
  }

  function zoom(node, focus) {
    if (!node || !node.children) return;
    const from = state.root;
    state.root = node;
    at("tip").hidden = true;
    draw();
    if (focus) focusOn(boxes.find((box) => box.node === from) || boxes[0]);
  }

  // --- keyboard and pointer ---------------------------------------------------------------

  function focusOn(box) {
    if (!box) return;
    for (const other of boxes) other.tabIndex = -1;
    box.tabIndex = 0;
    box.focus();
  }

  const drawn = (nodes) => (nodes || []).filter((node) => node.box);

  function step(box, key) {
    const siblings = drawn(box.laid.parent.children);
    const place = siblings.indexOf(box.laid);
    const to = {
      ArrowDown: siblings[place + 1],
      ArrowUp: siblings[place - 1],
      ArrowRight: drawn(box.laid.children)[0],
      ArrowLeft: box.laid.parent,
      Home: siblings[0],
      End: siblings.at(-1),
    }[key];
    return to && to.box;
  }

  map.addEventListener("keydown", (event) => {
    const box = event.target.closest(".box");
    if (!box || event.ctrlKey || event.altKey || event.metaKey) return;
    if (["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) {
      event.preventDefault();
      focusOn(step(box, event.key));
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      zoom(box.node.children ? box.node : box.node.parent, true);
    }
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target === at("search");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      at("search").select();
      at("search").focus();
    } else if (event.key === "Escape" && typing) {
      at("search").value = "";
      search();
    } else if ((event.key === "Escape" || event.key === "Backspace") && !typing) {
      event.preventDefault();
      zoom(state.root.parent, map.contains(event.target));
    }
  });

  map.addEventListener("click", (event) => {
    const box = event.target.closest(".box");
    if (!box) return;
    if (box.node.children) zoom(box.node);
    else if (box.node.parent !== state.root) zoom(box.node.parent);
    else focusOn(box);
  });
  map.addEventListener("focusin", (event) => {
    const box = event.target.closest(".box");
    if (!box) return;
    tell(box.node);
    for (const side of ["left", "top", "width", "height"]) ring.style[side] = box.style[side];
    ring.hidden = false;
  });
  map.addEventListener("focusout", () => { ring.hidden = true; });
  map.addEventListener("pointermove", (event) => {
    const box = event.target.closest(".box");
    if (!box || event.pointerType === "touch") return;
    tell(box.node);
    const tip = at("tip");
    tip.textContent = describe(box.node).join("\n");
    tip.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = tip;
    const x = event.clientX + 14 + width > innerWidth - 8 ? event.clientX - 14 - width : event.clientX + 14;
    const y = event.clientY + 14 + height > innerHeight - 8 ? event.clientY - 14 - height : event.clientY + 14;
    tip.style.left = `${Math.max(8, x)}px`;
    tip.style.top = `${Math.max(8, y)}px`;
  });
  map.addEventListener("pointerleave", () => { at("tip").hidden = true; tell(null); });

  function search() {
    state.query = at("search").value.trim().toLowerCase();
    dim();
    drawTable();
  }
  at("search").addEventListener("input", search);

  // --- light and dark -----------------------------------------------------------------------

  const THEMES = [["auto", "Auto", "as the system has them"], ["light", "Light", "light"], ["dark", "Dark", "dark"]];

  function remembered(value) {
    try {
      if (value) localStorage.setItem("size-picture-theme", value);
      return localStorage.getItem("size-picture-theme");
    } catch {
      return value || null; // no storage for this page: the choice lasts as long as it
    }
  }

  function paint(name) {
    const [value, label, words] = THEMES.find((theme) => theme[0] === name) || THEMES[0];
    if (value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
    at("theme").textContent = label;
    at("theme").value = value;
    at("theme").setAttribute("aria-label", `Colours: ${words}`);
  }

  at("theme").addEventListener("click", () => {
    const next = (THEMES.findIndex((theme) => theme[0] === at("theme").value) + 1) % THEMES.length;
    paint(THEMES[next][0]);
    remembered(THEMES[next][0]);
  });

  // --- start ----------------------------------------------------------------------------------

  paint(remembered(null));
  drawRegions();
  if (Object.keys(trees).length) {
    show(Object.keys(trees)[0]);
    new ResizeObserver(() => { if (map.clientWidth !== drawnWidth) drawMap(); }).observe(map);
  } else {
    at("detail").textContent = "Nothing in this file takes up memory.";
  }
})();
