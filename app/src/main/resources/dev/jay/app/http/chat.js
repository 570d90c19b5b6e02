"use strict";
// A chat over the server's own API. Text from the model is only ever set as text.
const byId = (id) => document.getElementById(id);
const conversation = [];
let running = null;

function headers() {
  const key = byId("key").value.trim();
  return key ? { "Authorization": "Bearer " + key } : {};
}

function show(role, text) {
  const p = document.createElement("p");
  p.className = role;
  p.textContent = text;
  byId("messages").append(p);
  p.scrollIntoView();
  return p;
}

async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      if (part.startsWith("data: ") && part !== "data: [DONE]") yield JSON.parse(part.slice(6));
    }
  }
}

async function answer() {
  running = new AbortController();
  byId("stop").disabled = false;
  byId("send").disabled = true;
  const p = show("assistant", "");
  let text = "";
  let usage = null;
  const began = performance.now();
  let first = 0;
  try {
    const response = await fetch("v1/chat/completions", {
      method: "POST",
      signal: running.signal,
      headers: { "Content-Type": "application/json", ...headers() },
      body: JSON.stringify({ model: byId("model").value || undefined, messages: conversation, stream: true, stream_options: { include_usage: true } }),
    });
    if (!response.ok) throw new Error((await response.json()).error.message);
    for await (const event of events(response)) {
      if (event.error) throw new Error(event.error.message);
      usage = event.usage || usage;
      const piece = event.choices[0]?.delta?.content;
      if (!piece) continue;
      first = first || performance.now();
      text += piece;
      p.textContent = text;
      p.scrollIntoView();
    }
  } catch (e) {
    if (e.name !== "AbortError") show("error", e.message);
  }
  if (text) conversation.push({ role: "assistant", content: text });
  else conversation.pop();
  if (usage && first) {
    const seconds = (performance.now() - first) / 1000;
    byId("speed").textContent = `first token ${((first - began) / 1000).toFixed(2)} s, `
      + `${(usage.completion_tokens / Math.max(seconds, 1e-3)).toFixed(1)} tokens/s, `
      + `${usage.prompt_tokens_details.cached_tokens} of ${usage.prompt_tokens} prompt tokens were known`;
  }
  running = null;
  byId("stop").disabled = true;
  byId("send").disabled = false;
}

byId("say").addEventListener("submit", (e) => {
  e.preventDefault();
  const text = byId("text").value.trim();
  if (!text || running) return;
  byId("text").value = "";
  conversation.push({ role: "user", content: text });
  show("user", text);
  answer();
});
byId("text").addEventListener("keydown", (e) => {
  if (e.key === "Enter" && !e.shiftKey) {
    e.preventDefault();
    byId("say").requestSubmit();
  }
});
byId("stop").addEventListener("click", () => running?.abort());
byId("clear").addEventListener("click", () => {
  running?.abort();
  conversation.length = 0;
  byId("messages").replaceChildren();
});
