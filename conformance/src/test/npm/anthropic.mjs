// SPDX-License-Identifier: Apache-2.0
// Anthropic's client against a server: node anthropic.mjs SERVER KEY. Prints "ok NAME" for each check; fails at the first that does not hold.
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import assert from 'node:assert/strict';

const [baseURL, apiKey] = process.argv.slice(2);
const client = new Anthropic({ baseURL, apiKey, maxRetries: 0 });
const model = (await new OpenAI({ baseURL: baseURL + '/v1', apiKey }).models.list()).data[0].id;
const messages = [{ role: 'user', content: 'Say something.' }];
const settings = { model, messages, max_tokens: 12, temperature: 0 };

async function check(name, run) {
  await run();
  console.log(`ok ${name}`);
}

let whole;
await check('message', async () => {
  const reply = await client.messages.create({ ...settings, system: 'You are terse.' });
  assert.equal(reply.type, 'message');
  assert.equal(reply.role, 'assistant');
  assert.ok(['end_turn', 'max_tokens'].includes(reply.stop_reason));
  const plain = await client.messages.create(settings);
  whole = plain.content.map((block) => block.text).join('');
  assert.ok(whole.length > 0);
  assert.ok(plain.usage.input_tokens + plain.usage.cache_read_input_tokens > 0);
  assert.ok(plain.usage.output_tokens > 0);
});
await check('events of a stream', async () => {
  let text = '';
  let last = null;
  for await (const event of await client.messages.create({ ...settings, stream: true })) {
    if (event.type === 'content_block_delta') text += event.delta.text;
    last = event;
  }
  assert.equal(text, whole);
  assert.equal(last.type, 'message_stop');
});
await check("the client's own stream helper", async () => {
  const stream = client.messages.stream(settings);
  assert.equal(await stream.finalText(), whole);
  const last = await stream.finalMessage();
  assert.ok(last.usage.output_tokens > 0);
});
await check('tokens counted', async () => {
  const counted = await client.messages.countTokens({ model, messages });
  const reply = await client.messages.create(settings);
  assert.equal(counted.input_tokens, reply.usage.input_tokens + reply.usage.cache_read_input_tokens);
});
await check('a conversation with parts', async () => {
  const reply = await client.messages.create({
    ...settings,
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Say something.' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Something.' }] },
      { role: 'user', content: 'Again.' },
    ],
  });
  assert.equal(reply.type, 'message');
});
await check('errors have the types that the client knows', async () => {
  await assert.rejects(client.messages.create({ ...settings, temperature: -1 }), Anthropic.BadRequestError);
  await assert.rejects(client.messages.create({ ...settings, model: 'absent' }), Anthropic.NotFoundError);
  const stranger = new Anthropic({ baseURL, apiKey: 'wrong', maxRetries: 0 });
  await assert.rejects(stranger.messages.create(settings), (e) => {
    assert.ok(e instanceof Anthropic.AuthenticationError);
    assert.equal(e.error.error.type, 'authentication_error');
    return true;
  });
});
await check('leaving in the middle', async () => {
  const stream = await client.messages.create({ ...settings, max_tokens: 200, stream: true });
  for await (const event of stream) {
    if (event.type === 'content_block_delta') break;
  }
  stream.controller.abort();
});
await check('tools', async () => {
  const input_schema = { type: 'object', properties: { at: { enum: ['dawn', 'noon'] } }, required: ['at'], additionalProperties: false };
  const tools = [{ name: 'sky', description: 'How the sky is.', input_schema }];
  const tool_choice = { type: 'any', disable_parallel_tool_use: true };
  const asked = { ...settings, max_tokens: 200, tools, tool_choice };
  const reply = await client.messages.create(asked);
  assert.equal(reply.stop_reason, 'tool_use');
  const use = reply.content.find((block) => block.type === 'tool_use');
  assert.equal(use.name, 'sky');
  assert.ok(['dawn', 'noon'].includes(use.input.at));
  const last = await client.messages.stream(asked).finalMessage();
  const streamed = last.content.find((block) => block.type === 'tool_use');
  assert.ok(['dawn', 'noon'].includes(streamed.input.at));
  const told = [
    ...messages,
    { role: 'assistant', content: reply.content },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: use.id, content: 'blue' }] },
  ];
  const next = await client.messages.create({ ...settings, messages: told, tools });
  assert.equal(next.type, 'message');
});
