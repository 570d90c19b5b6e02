"use strict";
// The books, live: a treemap of bytes by purpose, KV pages over time, and a bar for each request.
const COLOURS = ["#2a7f9e", "#c8553d", "#6a8d4f", "#8a6fa8", "#c49a3a", "#4d6a8f", "#7f5a4a", "#518a83"];
const colourOf = new Map();
const past = [];
const bars = new Map();

function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let i = 0;
  while (n >= 1024 && i < units.length - 1) { n /= 1024; i++; }
  return n.toFixed(n < 10 && i > 0 ? 1 : 0) + " " + units[i];
}

// Halves the list by weight along the longer side, again and again.
function place(items, x, y, w, h, out) {
  if (items.length === 0) return;
  if (items.length === 1) { out.push({ ...items[0], x, y, w, h }); return; }
  const all = items.reduce((sum, item) => sum + item.size, 0);
  let half = items[0].size;
  let at = 1;
  while (at < items.length - 1 && half + items[at].size / 2 < all / 2) half += items[at++].size;
  const share = all > 0 ? half / all : 0.5;
  if (w >= h) {
    place(items.slice(0, at), x, y, w * share, h, out);
    place(items.slice(at), x + w * share, y, w * (1 - share), h, out);
  } else {
    place(items.slice(0, at), x, y, w, h * share, out);
    place(items.slice(at), x, y + h * share, w, h * (1 - share), out);
  }
}

function drawMap(books) {
  const items = Object.entries(books.by_purpose).map(([name, size]) => ({ name, size }));
  items.push({ name: "java heap", size: books.java_heap.committed_bytes });
  const shown = items.filter((i) => i.size > 0).sort((a, b) => b.size - a.size);
  const out = [];
  place(shown, 0, 0, 100, 100, out);
  const map = byId("map");
  for (const old of [...map.children]) if (!out.some((o) => o.name === old.dataset.name)) old.remove();
  for (const o of out) {
    let div = [...map.children].find((c) => c.dataset.name === o.name);
    if (!div) {
      div = document.createElement("div");
      div.dataset.name = o.name;
      if (!colourOf.has(o.name)) colourOf.set(o.name, COLOURS[colourOf.size % COLOURS.length]);
      div.style.background = colourOf.get(o.name);
      map.append(div);
    }
    Object.assign(div.style, { left: o.x + "%", top: o.y + "%", width: o.w + "%", height: o.h + "%" });
    div.textContent = div.title = `${o.name} ${bytes(o.size)}`;
  }
  const short = { short: "; memory is short: what is idle gives way", critical: "; memory is about to run out: one runs at a time" };
  const budget = books.budget_bytes ? ` of ${bytes(books.budget_bytes)}` : "";
  byId("used").textContent = `${bytes(books.used_bytes)}${budget} off the heap, peak ${bytes(books.peak_bytes)}`
    + (short[books.engine.pressure] || "");
}

// What went to the file, and what came back from it.
function drawFile(file) {
  const moved = `${file.demoted} demoted, ${file.promoted} promoted`;
  byId("file").textContent = file.bytes > 0 ? `; on disk ${bytes(file.bytes)}, strides: ${file.strides}, ${moved}` : "";
}

function drawHistory(kv) {
  past.push(kv);
  if (past.length > 300) past.shift();
  byId("pages").textContent = `${kv.all - kv.free} of ${kv.all}`;
  const canvas = byId("history");
  const g = canvas.getContext("2d");
  const style = getComputedStyle(document.documentElement);
  g.clearRect(0, 0, canvas.width, canvas.height);
  const step = canvas.width / 300;
  past.forEach((k, i) => {
    let y = canvas.height;
    for (const part of ["own", "shared", "cached"]) {
      const h = (k[part] / Math.max(k.all, 1)) * canvas.height;
      g.fillStyle = style.getPropertyValue("--" + part);
      g.fillRect((300 - past.length + i) * step, y - h, step + 1, h);
      y -= h;
    }
  });
}

function drawSequences(books) {
  const e = books.engine;
  byId("counts").textContent = `${e.running} run, ${e.waiting} wait, ${e.paused} paused; `
    + `${e.reused_tokens} tokens were known, ${e.prompt_tokens} had to be run`;
  const seen = new Set();
  for (const s of books.sequences) {
    const key = `${s.model} ${s.id}`;
    seen.add(key);
    let bar = bars.get(key);
    if (!bar) {
      bar = document.createElement("div");
      bar.append(document.createElement("i"), document.createElement("i"), document.createElement("b"));
      bar.children[0].className = "shared";
      bar.children[1].className = "own";
      byId("sequences").prepend(bar);
      bars.set(key, bar);
    }
    const pages = Math.max(1, s.shared_pages + s.own_pages);
    bar.children[0].style.width = (100 * s.shared_pages) / pages + "%";
    bar.children[1].style.width = (100 * s.own_pages) / pages + "%";
    bar.children[2].textContent = `#${s.id}: ${s.tokens} of ${s.limit} tokens; pages: ${s.shared_pages} shared, ${s.own_pages} own`;
  }
  for (const [id, bar] of bars) {
    if (seen.has(id) || bar.className === "gone") continue;
    bar.className = "gone";
    setTimeout(() => { bar.remove(); bars.delete(id); }, 3000);
  }
}

async function look() {
  try {
    const response = await fetch("v1/memory", { headers: headers() });
    if (response.ok) {
      const books = await response.json();
      drawMap(books);
      drawHistory(books.kv_pages);
      drawFile(books.kv_file);
      drawSequences(books);
    } else {
      byId("used").textContent = response.status === 401 ? "an API key is needed" : `HTTP ${response.status}`;
    }
    if (!byId("model").length && response.ok) {
      const models = await (await fetch("v1/models", { headers: headers() })).json();
      for (const m of models.data) byId("model").add(new Option(m.id));
    }
  } catch (e) {
    byId("used").textContent = "the server does not answer";
  }
  setTimeout(look, 1000);
}
look();
