// Plays the stills that the page holds. It draws what Strata has drawn and works nothing out: what is shown is a
// function of the scene and the still, so going back shows exactly what was shown on the way.
//
// What it reads is written by src/app/export/reel.rs.
(() => {
"use strict";

const at = (id) => document.getElementById(id);
const meta = JSON.parse(at("meta").textContent);
const picture = at("picture"), stops = at("stops"), lanes = at("lane-picture"), scrub = at("scrub");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const count = meta.scenes.length;

// All that changes.
const state = {
  scene: 0, still: 0, playing: false, at: 0, before: 0, speed: 1, calm: calm.matches,
  theme: matchMedia("(prefers-color-scheme: light)").matches ? 1 : 0,
  predictions: new Array(count).fill(null), skipped: new Array(count).fill(false), seen: new Array(count).fill(false),
};
const chapters = new Array(count).fill(null);

// ---- Unpacking ------------------------------------------------------------------------------------------------

async function unpack(index) {
  if (chapters[index]) return chapters[index];
  const text = at("chapter-" + index).textContent.trim();
  const raw = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("deflate"));
  const chapter = JSON.parse(await new Response(stream).text());
  let lists = [[], [], [], []];
  chapter.stills = chapter.frames.map(([ms, ps, stop, time, said, changes]) => {
    if (changes.length) lists = lists.slice();
    for (let i = 0; i < changes.length;) {
      const [layer, from, gone, come] = changes.slice(i, i + 4);
      const list = lists[layer].slice();
      list.splice(from, gone, ...changes.slice(i + 4, i + 4 + come));
      lists[layer] = list;
      i += 4 + come;
    }
    return { ms, ps, stop: stop === 1, time: chapter.texts[time], said: chapter.said[said].map((n) => chapter.texts[n]), lists };
  });
  delete chapter.frames;
  // The last moment once more, with the bars of what was asked: shown when that is answered.
  chapter.answer = chapter.answered ? chapter.stills.pop() : null;
  chapters[index] = chapter;
  return chapter;
}

const chapter = () => chapters[state.scene];
const still = () => chapter().stills[state.still];
const last = () => chapter().stills.length - 1;
// At the end of a scene whose question is answered, the bars are of what was asked.
const pictured = () => revealed() && state.still === last() && !state.playing && chapter().answer || still();

// ---- Drawing --------------------------------------------------------------------------------------------------

// The picture as large as fits; on a narrow screen it keeps a size at which it can be read, and scrolls.
function fit() {
  const [w, h] = meta.canvas, frame = at("frame");
  const narrow = matchMedia("(max-width: 760px)").matches;
  const room = frame.clientWidth;
  let scale = Math.max(room, narrow ? 700 : 0) / w;
  if (!narrow) {
    const taken = ["now", "transport", "lanes"].reduce((sum, id) => sum + at(id).offsetHeight, 0);
    scale = Math.min(scale, Math.max(at("stage").clientHeight - taken, 240) / h);
  }
  size(picture, w * scale, h * scale);
  size(stops, stops.clientWidth, 26);
  size(lanes, at("lane-area").clientWidth, 18 * meta.lanes.length + 20);
}

function size(canvas, w, h) {
  const dots = window.devicePixelRatio || 1;
  if (canvas !== stops) { canvas.style.width = canvas === lanes ? "100%" : w + "px"; canvas.style.height = h + "px"; }
  canvas.width = Math.max(1, Math.round(w * dots));
  canvas.height = Math.max(1, Math.round(h * dots));
}

function draw() {
  const c = chapter(), now = pictured(), ink = picture.getContext("2d");
  const paint = (n) => c.paints[n][state.theme];
  const scale = picture.width / meta.canvas[0] / 10;
  ink.setTransform(1, 0, 0, 1, 0, 0);
  ink.fillStyle = css("--background");
  ink.fillRect(0, 0, picture.width, picture.height);
  ink.setTransform(scale, 0, 0, scale, 0, 0);
  ink.lineJoin = "miter";
  for (const list of now.lists) for (const n of list) shape(ink, c, c.shapes[n], paint);
}

function shape(ink, c, s, paint) {
  if (s[0] === 3) {
    const [, text, x, y, anchor, size, strong, color, width] = s;
    ink.font = (strong ? "600 " : "400 ") + size + "px Inter, system-ui, sans-serif";
    ink.textAlign = ["left", "center", "right"][anchor];
    ink.textBaseline = "alphabetic";
    ink.fillStyle = paint(color);
    ink.fillText(c.texts[text], x, y, Math.max(width, 1));
    return;
  }
  ink.beginPath();
  let style;
  if (s[0] === 0) {
    const [, x, y, w, h, radius] = s;
    if (radius > 0) ink.roundRect(x, y, w, h, Math.min(radius, w / 2, h / 2)); else ink.rect(x, y, w, h);
    style = s.slice(6);
  } else if (s[0] === 1) {
    const [, outline, x, y, closed] = s, points = c.outlines[outline];
    for (let i = 0; i < points.length; i += 2) ink[i ? "lineTo" : "moveTo"](x + points[i], y + points[i + 1]);
    if (closed) ink.closePath();
    style = s.slice(5);
  } else {
    ink.arc(s[1], s[2], Math.max(s[3], 0), 0, 2 * Math.PI);
    style = s.slice(4);
  }
  const [fill, width, line, dashed] = style;
  if (fill >= 0) { ink.fillStyle = paint(fill); ink.fill(); }
  if (line >= 0 && width > 0) {
    ink.strokeStyle = paint(line);
    ink.lineWidth = width;
    ink.setLineDash(dashed ? [70, 50] : []);
    ink.stroke();
  }
}

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function drawStops() {
  const ink = stops.getContext("2d"), c = chapter(), end = Math.max(last(), 1), w = stops.width, h = stops.height;
  ink.clearRect(0, 0, w, h);
  const marks = c.stills.map((s, i) => [s, i]).filter(([s]) => s.stop);
  if (marks.length > w / 4) return;
  ink.fillStyle = css("--muted");
  for (const [, i] of marks) ink.fillRect(Math.round(i / end * (w - 2)), h * 0.72, 2, h * 0.28);
}

function drawLanes() {
  const ink = lanes.getContext("2d"), c = chapter(), w = lanes.width, dots = window.devicePixelRatio || 1;
  const row = 18 * dots, x = (column) => column / 1200 * w;
  const now = place(still().ps) * w;
  ink.clearRect(0, 0, w, lanes.height);
  c.lanes.forEach((lane, i) => {
    ink.globalAlpha = 1;
    ink.fillStyle = css("--control");
    ink.fillRect(0, i * row + 2 * dots, w, row - 4 * dots);
    for (let k = 0; k < lane.length; k += 3) {
      ink.fillStyle = c.paints[lane[k + 2]][state.theme];
      const from = x(lane[k]), to = Math.max(x(lane[k + 1]), from + 1);
      const past = Math.min(Math.max(now, from), to);
      // What is still to come is no more than hinted at.
      ink.globalAlpha = 1;
      if (past > from) ink.fillRect(from, i * row + 2 * dots, past - from, row - 4 * dots);
      ink.globalAlpha = 0.22;
      if (to > past) ink.fillRect(past, i * row + 2 * dots, to - past, row - 4 * dots);
    }
  });
  ink.globalAlpha = 1;
  ink.fillStyle = css("--text");
  ink.fillRect(Math.round(now) - dots, 0, 2 * dots, c.lanes.length * row);
  ink.font = 12 * dots + "px Inter, system-ui, sans-serif";
  ink.fillStyle = css("--muted");
  ink.textBaseline = "bottom";
  const first = c.stills[0], end = c.stills[last()];
  ink.textAlign = "left";
  ink.fillText(first.time, Math.min(place(first.ps) * w, w * 0.6), lanes.height);
  ink.textAlign = "right";
  if (end.ps > first.ps) ink.fillText(end.time, Math.max(place(end.ps) * w, w * 0.4), lanes.height);
}

// Where a time lies on the lanes, from 0 to 1.
const place = (ps) => (ps - chapter().window[0]) / Math.max(chapter().window[1] - chapter().window[0], 1);

// ---- Showing the state ----------------------------------------------------------------------------------------

function show() {
  const now = still();
  if (state.still === last()) state.seen[state.scene] = true;
  draw();
  drawLanes();
  at("time").textContent = "t = " + now.time;
  const list = at("now");
  list.setAttribute("aria-live", state.playing ? "off" : "polite");
  while (list.children.length > now.said.length) list.lastChild.remove();
  now.said.forEach((line, i) => {
    const item = list.children[i] || list.appendChild(document.createElement("li"));
    if (item.dataset.line === line) return;
    item.dataset.line = line;
    const cut = line.indexOf(": ") + 1, name = document.createElement("b");
    name.textContent = line.slice(0, cut);
    item.replaceChildren(name, line.slice(cut));
  });
  picture.setAttribute("aria-label", meta.scenes[state.scene].title + ", t = " + now.time);
  scrub.max = last();
  scrub.value = state.still;
  scrub.disabled = last() === 0;
  scrub.setAttribute("aria-valuetext", now.time);
  at("play").setAttribute("aria-label", state.playing ? "Pause" : "Play");
  at("play-sign").setAttribute("d", state.playing ? "M6 4v12M14 4v12" : "M6 4l10 6-10 6z");
  at("back").disabled = at("start").disabled = state.still === 0;
  at("step").disabled = at("end").disabled = state.still === last();
  at("previous").disabled = state.scene === 0;
  at("next").disabled = state.scene === count - 1;
  const done = ended() && state.scene < count - 1;
  at("next").classList.toggle("on", done);
  at("hint").textContent = asks() ? "Predict first: choose an answer" : done ? "Space goes on to the next scene" : "";
  lesson();
}

const ended = () => !state.playing && state.still === last();

// Whether the scene asks something that is not answered yet: it plays when that is done.
function asks() {
  const scene = meta.scenes[state.scene];
  return scene.choices > 0 && scene.plays && state.predictions[state.scene] === null && !state.skipped[state.scene] && !state.seen[state.scene];
}

// Whether this scene's question is answered: predicted, and played to the end.
function revealed() {
  const scene = meta.scenes[state.scene], chosen = state.predictions[state.scene];
  return scene.choices > 0 && chosen !== null && (state.seen[state.scene] || !scene.plays);
}

function lesson() {
  const index = state.scene, section = at("scene-" + index), box = section.querySelector(".predict");
  if (box) {
    const { right } = meta.scenes[index], chosen = state.predictions[index];
    const shown = revealed();
    box.querySelectorAll(".choice").forEach((button, i) => {
      button.disabled = chosen !== null;
      button.setAttribute("aria-pressed", chosen === i);
      button.classList.toggle("right", shown && i === right);
      button.classList.toggle("wrong", shown && i === chosen && i !== right);
      button.querySelector(".mark").textContent = shown && i === right ? "right" : shown && i === chosen ? "not so" : "";
    });
    box.querySelector(".skip").hidden = chosen !== null || state.skipped[index] || state.seen[index];
    const hint = chosen === null ? "Choose one: it is locked in" : state.playing ? "Locked in. Watch" : "Locked in. Space plays and shows the answer";
    const words = box.querySelector(".hint");
    if (words.textContent !== hint) words.textContent = hint;
    words.hidden = shown;
    box.querySelector(".verdict").hidden = !shown;
    if (shown) {
      const word = box.querySelector(".word");
      word.textContent = (chosen === right ? "Right" : "Not so") + ". This run says:";
      word.className = "word " + (chosen === right ? "right" : "wrong");
      // Why the chosen one is wrong, and why the right one is right.
      box.querySelectorAll("[data-why]").forEach((e) => { e.hidden = ![chosen, right].includes(Number(e.dataset.why)); });
      box.querySelectorAll("[data-for]").forEach((e) => { e.hidden = chosen === right || Number(e.dataset.for) !== chosen; });
    }
  }
  const outcome = at("outcome");
  if (outcome && index === count - 1) {
    const rows = meta.scenes.map((scene, i) => [scene, i]).filter(([scene]) => scene.choices > 0).map(([scene, i]) => {
      const item = document.createElement("li"), chosen = state.predictions[i], name = document.createElement("strong");
      const label = (n) => at("scene-" + i).querySelectorAll(".choice span:nth-of-type(1)")[n].textContent;
      name.textContent = scene.title;
      const mine = chosen === null ? "no prediction" : (chosen === scene.right ? "right: " : "not so: ") + label(chosen);
      const came = chosen !== null && chosen !== scene.right && scene.right !== null ? "; the run says: " + label(scene.right) : "";
      item.append(name, ", " + mine + came);
      return item;
    });
    outcome.replaceChildren(...rows);
  }
}

function theme() {
  document.documentElement.dataset.theme = state.theme ? "light" : "dark";
  at("theme").textContent = state.theme ? "Dark" : "Light";
}

// ---- What can be done -----------------------------------------------------------------------------------------

async function open(index, play) {
  if (index < 0 || index >= count) return;
  pause();
  await unpack(index);
  state.scene = index;
  state.still = 0;
  state.at = 0;
  document.querySelectorAll(".scene").forEach((section, i) => section.classList.toggle("open", i === index));
  at("said").scrollTop = 0;
  document.querySelectorAll("#dots button").forEach((dot, i) => {
    dot.classList.toggle("past", i < index);
    if (i === index) dot.setAttribute("aria-current", "step"); else dot.removeAttribute("aria-current");
  });
  fit();
  drawStops();
  show();
  if (play && !asks() && last() > 0) start();
}

function go(index) {
  state.still = Math.min(Math.max(index, 0), last());
  state.at = still().ms;
  show();
}

function start() {
  if (asks()) return remind();
  if (state.still === last()) go(0);
  if (last() === 0) return;
  state.playing = true;
  state.before = performance.now();
  requestAnimationFrame(tick);
  show();
}

function pause() {
  if (!state.playing) return;
  state.playing = false;
  show();
}

function tick(now) {
  if (!state.playing) return;
  const passed = Math.min(now - state.before, 250) * state.speed, stills = chapter().stills;
  state.before = now;
  state.at += passed;
  let to = state.still;
  if (state.calm) {
    // From stop to stop, each shown for as long as the way to the next would have taken.
    let next = to + 1;
    while (next < stills.length - 1 && !stills[next].stop) next++;
    if (next < stills.length && state.at >= Math.max(stills[next].ms, stills[to].ms + 600)) { to = next; state.at = stills[to].ms; }
  } else {
    while (to < stills.length - 1 && stills[to + 1].ms <= state.at) to++;
  }
  if (to !== state.still) {
    state.still = to;
    if (to === last()) state.playing = false;
    show();
  }
  if (state.playing) requestAnimationFrame(tick);
}

function toggle() {
  if (state.playing) return pause();
  if (ended() && !asks() && (state.seen[state.scene]) && state.scene < count - 1) return void open(state.scene + 1, true);
  start();
}

function step(by) {
  pause();
  if (by > 0 && asks()) return remind();
  const stills = chapter().stills;
  let to = state.still + by;
  while (to > 0 && to < stills.length - 1 && !stills[to].stop) to += by;
  go(to);
}

function remind() {
  at("hint").textContent = "Predict first: choose an answer";
  const choice = at("scene-" + state.scene).querySelector(".choice");
  choice.scrollIntoView({ block: "nearest" });
  choice.focus();
}

function predict(choice) {
  const scene = meta.scenes[state.scene];
  if (choice >= scene.choices || state.predictions[state.scene] !== null) return;
  state.predictions[state.scene] = choice;
  show();
}

function skip() {
  state.skipped[state.scene] = true;
  show();
}

function recolor() {
  state.theme = 1 - state.theme;
  theme();
  drawStops();
  show();
}

function stills(on) {
  state.calm = on;
  at("still").checked = on;
}

// ---- Buttons and keys -----------------------------------------------------------------------------------------

const press = (id, action) => at(id).addEventListener("click", action);
press("play", toggle);
press("step", () => step(1));
press("back", () => step(-1));
press("start", () => { pause(); go(0); });
press("end", () => { pause(); if (asks()) remind(); else go(last()); });
press("next", () => open(state.scene + 1));
press("previous", () => open(state.scene - 1));
press("theme", recolor);
at("speed").addEventListener("change", (event) => { state.speed = Number(event.target.value); });
at("still").addEventListener("change", (event) => stills(event.target.checked));
scrub.addEventListener("input", () => { pause(); go(Number(scrub.value)); });
lanes.addEventListener("click", (event) => {
  const box = lanes.getBoundingClientRect(), [from, to] = chapter().window;
  const ps = from + (event.clientX - box.left) / box.width * (to - from);
  const past = chapter().stills.findIndex((s) => s.ps > ps);
  pause();
  go(past < 0 ? last() : past - 1);
});
document.querySelectorAll(".choice").forEach((button) => button.addEventListener("click", () => predict(Number(button.dataset.choice))));
document.querySelectorAll(".skip").forEach((button) => button.addEventListener("click", skip));
document.querySelectorAll(".why").forEach((button) => button.addEventListener("click", () => {
  open(meta.scenes[state.scene].corrections[Number(button.dataset.for)]);
}));
meta.scenes.forEach((scene, i) => {
  const item = document.createElement("li"), dot = document.createElement("button");
  dot.type = "button";
  dot.title = i + 1 + ": " + scene.title;
  dot.setAttribute("aria-label", "Scene " + (i + 1) + ": " + scene.title);
  dot.addEventListener("click", () => open(i));
  item.append(dot);
  at("dots").append(item);
});
meta.lanes.forEach((name) => {
  const row = document.createElement("div");
  row.textContent = name;
  row.title = name;
  at("lane-names").append(row);
});

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const on = event.target, works = on.closest && on.closest("button, select, summary");
  // Keys that work what has the focus are left to it.
  if (works && (event.key === " " || event.key === "Enter")) return;
  if (on === at("speed") || (on === scrub && ["ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown"].includes(event.key))) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const actions = {
    " ": toggle, ArrowRight: () => step(1), ".": () => step(1), ArrowLeft: () => step(-1), ",": () => step(-1),
    Home: () => at("start").click(), End: () => at("end").click(), PageDown: () => open(state.scene + 1), PageUp: () => open(state.scene - 1),
    n: () => open(state.scene + (event.shiftKey ? -1 : 1)), d: recolor, m: () => stills(!state.calm),
  };
  const action = /^[1-6]$/.test(key) ? () => predict(Number(key) - 1) : actions[key];
  if (!action) return;
  event.preventDefault();
  action();
});
addEventListener("resize", () => { if (chapter()) { fit(); drawStops(); show(); } });
calm.addEventListener("change", () => stills(calm.matches));

// What is shown, for tests and for those who are curious.
Object.defineProperty(window, "strata", { value: Object.freeze({
  state: () => {
    const c = chapter();
    let hash = 2166136261;
    const add = (text) => { for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619) >>> 0; };
    for (const list of pictured().lists) {
      for (const n of list) add(JSON.stringify([c.shapes[n], c.shapes[n][0] === 3 ? c.texts[c.shapes[n][1]] : 0]));
      add("|");
    }
    return { scene: state.scene, scenes: count, still: state.still, stills: last() + 1, ms: still().ms, ps: still().ps, time: still().time, playing: state.playing, asks: asks(), answered: pictured() !== still(), stop: still().stop, hash };
  },
}) });

// ---- Beginning ------------------------------------------------------------------------------------------------

async function begin() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  if (wanted.get("theme")) state.theme = wanted.get("theme") === "light" ? 1 : 0;
  document.documentElement.classList.add("ready");
  theme();
  stills(state.calm);
  await Promise.all(["400 14px Inter", "600 14px Inter"].map((font) => document.fonts.load(font)));
  await open(Math.min(Math.max(Number(wanted.get("scene") || 1) - 1, 0), count - 1));
  if (wanted.get("answer")) predict(Number(wanted.get("answer")) - 1);
  if (wanted.get("t")) {
    const ms = Number(wanted.get("t")) * 1000, past = chapter().stills.findIndex((s) => s.ms > ms);
    go(past < 0 ? last() : past - 1);
  }
  if (wanted.get("play")) start();
}

begin().catch((error) => {
  at("trouble").hidden = false;
  at("trouble").textContent = "The pictures can't be shown: " + error.message + ". A browser from 2023 or later is needed.";
});
})();
