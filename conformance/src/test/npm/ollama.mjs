// SPDX-License-Identifier: Apache-2.0
// Ollama's client against a server: node ollama.mjs SERVER KEY. Prints "ok NAME" for each check; fails at the first that does not hold.
import { Ollama } from 'ollama';
import assert from 'node:assert/strict';

const [host, key] = process.argv.slice(2);
const client = new Ollama({ host, headers: { Authorization: `Bearer ${key}` } });

async function check(name, run) {
  await run();
  console.log(`ok ${name}`);
}

const model = (await client.list()).models[0].name;
const messages = [{ role: 'user', content: 'Say something.' }];
const options = { temperature: 0, num_predict: 12 };
let whole;
await check('models', async () => {
  const shown = await client.show({ model });
  assert.equal(shown.details.format, 'gguf');
  assert.ok(shown.model_info['general.architecture']);
  assert.equal((await client.ps()).models[0].name, model);
  assert.ok((await client.version()).version);
});
await check('chat', async () => {
  const reply = await client.chat({ model, messages, options });
  whole = reply.message.content;
  assert.ok(whole.length > 0);
  assert.equal(reply.done, true);
  assert.ok(reply.eval_count > 0 && reply.prompt_eval_count > 0 && reply.total_duration > 0);
});
await check('chat, streamed: the same text', async () => {
  let text = '';
  let last = null;
  for await (const part of await client.chat({ model, messages, options, stream: true })) {
    text += part.message.content;
    last = part;
  }
  assert.equal(text, whole);
  assert.equal(last.done, true);
  assert.ok(last.eval_count > 0);
});
await check('generate', async () => {
  const reply = await client.generate({ model, prompt: 'Say something.', options });
  assert.equal(reply.response, whole);
  const raw = await client.generate({ model, prompt: 'Once', raw: true, options });
  assert.equal(raw.done, true);
});
await check('errors', async () => {
  await assert.rejects(client.chat({ model: 'absent', messages }), /no such model/);
  await assert.rejects(client.chat({ model, messages, options: { temperature: -1 } }), /temperature/);
  await assert.rejects(new Ollama({ host }).list(), /key/);
});
await check('leaving in the middle', async () => {
  const stream = await client.chat({ model, messages, stream: true, options: { num_predict: 200 } });
  for await (const part of stream) {
    if (part.message.content) break;
  }
  stream.abort();
});
await check('embeddings', async () => {
  const reply = await client.embed({ model, input: ['Once', 'Say something.'] });
  assert.equal(reply.embeddings.length, 2);
  assert.ok(reply.embeddings[0].length > 0);
});
await check('answers that a schema holds', async () => {
  const format = {
    type: 'object',
    properties: { mood: { enum: ['calm', 'wild'] } },
    required: ['mood'],
    additionalProperties: false,
  };
  const reply = await client.chat({ model, messages, format, options: { num_predict: 200 } });
  assert.ok(['calm', 'wild'].includes(JSON.parse(reply.message.content).mood));
});
await check('tools, called before', async () => {
  const parameters = { type: 'object', properties: { at: { type: 'string' } }, required: ['at'] };
  const tools = [{ type: 'function', function: { name: 'sky', description: 'How the sky is.', parameters } }];
  const told = [
    ...messages,
    { role: 'assistant', content: '', tool_calls: [{ function: { name: 'sky', arguments: { at: 'noon' } } }] },
    { role: 'tool', tool_name: 'sky', content: 'blue' },
  ];
  const reply = await client.chat({ model, messages: told, tools, options });
  assert.equal(reply.done, true);
});
