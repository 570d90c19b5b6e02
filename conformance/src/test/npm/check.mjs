// SPDX-License-Identifier: Apache-2.0
// The official client against a server: node check.mjs SERVER KEY. Prints "ok NAME" for each check; fails at the first that does not hold.
import OpenAI from 'openai';
import assert from 'node:assert/strict';

const [server, apiKey] = process.argv.slice(2);
const baseURL = server + '/v1';
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const messages = [{ role: 'user', content: 'Say something.' }];
const model = (await client.models.list()).data[0].id;
const settings = { model, messages, max_completion_tokens: 12, temperature: 0 };

async function check(name, run) {
  await run();
  console.log(`ok ${name}`);
}

let whole;
await check('models', async () => {
  const list = await client.models.list();
  assert.equal(list.data.length, 1);
  const one = await client.models.retrieve(list.data[0].id);
  assert.equal(one.id, list.data[0].id);
});
await check('chat', async () => {
  const reply = await client.chat.completions.create(settings);
  whole = reply.choices[0].message.content;
  assert.ok(whole.length > 0);
  assert.equal(reply.object, 'chat.completion');
  assert.equal(reply.choices[0].message.role, 'assistant');
  assert.ok(['stop', 'length'].includes(reply.choices[0].finish_reason));
  assert.ok(reply.usage.prompt_tokens > 0 && reply.usage.completion_tokens > 0);
  assert.equal(reply.usage.total_tokens, reply.usage.prompt_tokens + reply.usage.completion_tokens);
});
await check('chat, streamed: the same text', async () => {
  const stream = await client.chat.completions.create({ ...settings, stream: true, stream_options: { include_usage: true } });
  let text = '';
  let usage = null;
  let finish = null;
  for await (const chunk of stream) {
    assert.equal(chunk.object, 'chat.completion.chunk');
    text += chunk.choices[0]?.delta?.content ?? '';
    finish = chunk.choices[0]?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, whole);
  assert.ok(finish);
  assert.ok(usage.completion_tokens > 0);
});
await check("chat, by the client's own stream helper", async () => {
  const runner = client.chat.completions.stream(settings);
  const last = await runner.finalChatCompletion();
  assert.equal(last.choices[0].message.content, whole);
});
await check('completions', async () => {
  const reply = await client.completions.create({ model, prompt: 'Once', max_tokens: 8, temperature: 0, logprobs: 2 });
  assert.equal(reply.object, 'text_completion');
  assert.ok(reply.choices[0].logprobs.token_logprobs.length > 0);
  const stream = await client.completions.create({ model, prompt: 'Once', max_tokens: 8, temperature: 0, stream: true });
  let text = '';
  for await (const chunk of stream) text += chunk.choices[0]?.text ?? '';
  assert.equal(text, reply.choices[0].text);
});
await check('logprobs', async () => {
  const reply = await client.chat.completions.create({ ...settings, logprobs: true, top_logprobs: 3 });
  const first = reply.choices[0].logprobs.content[0];
  assert.equal(first.top_logprobs.length, 3);
  assert.ok(first.logprob <= 0);
});
await check('a seed repeats', async () => {
  const warm = { ...settings, temperature: 1, seed: 7 };
  const a = await client.chat.completions.create(warm);
  const b = await client.chat.completions.create(warm);
  assert.equal(a.choices[0].message.content, b.choices[0].message.content);
});
await check('errors have the types that the client knows', async () => {
  await assert.rejects(client.chat.completions.create({ ...settings, temperature: -1 }), OpenAI.BadRequestError);
  await assert.rejects(client.chat.completions.create({ ...settings, messages: 'no' }), OpenAI.BadRequestError);
  await assert.rejects(client.models.retrieve('absent'), OpenAI.NotFoundError);
  await assert.rejects(client.chat.completions.create({ ...settings, model: 'absent' }), OpenAI.NotFoundError);
  const stranger = new OpenAI({ baseURL, apiKey: 'wrong', maxRetries: 0 });
  await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
});
await check('leaving in the middle', async () => {
  const stream = await client.chat.completions.create({ ...settings, max_completion_tokens: 200, stream: true });
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta?.content) break;
  }
  const reply = await client.chat.completions.create(settings);
  assert.equal(reply.choices[0].message.content, whole);
});
await check('eight at once', async () => {
  const replies = await Promise.all(Array.from({ length: 8 }, () => client.chat.completions.create(settings)));
  for (const reply of replies) assert.ok(reply.choices[0].message.content.length >= 0);
});
await check('several answers', async () => {
  const reply = await client.chat.completions.create({ ...settings, n: 3, temperature: 1, seed: 5 });
  assert.deepEqual(reply.choices.map((c) => c.index), [0, 1, 2]);
  const one = await client.chat.completions.create({ ...settings, temperature: 1, seed: 6 });
  assert.equal(one.choices[0].message.content, reply.choices[1].message.content);
});
await check('responses', async () => {
  const asked = { model, input: 'Say something.', max_output_tokens: 12, temperature: 0 };
  const reply = await client.responses.create(asked);
  assert.equal(reply.output_text, whole);
  assert.ok(reply.usage.output_tokens > 0);
  let text = '';
  let last = null;
  for await (const event of await client.responses.create({ ...asked, stream: true })) {
    if (event.type === 'response.output_text.delta') text += event.delta;
    last = event;
  }
  assert.equal(text, whole);
  assert.ok(['response.completed', 'response.incomplete'].includes(last.type));
  const helped = await client.responses.stream(asked).finalResponse();
  assert.equal(helped.output_text, whole);
  await assert.rejects(client.responses.create({ ...asked, previous_response_id: 'resp_1' }), OpenAI.BadRequestError);
});
await check('responses, leaving in the middle', async () => {
  const stream = await client.responses.create({ model, input: 'Say something.', max_output_tokens: 200, stream: true });
  for await (const event of stream) {
    if (event.type === 'response.output_text.delta') break;
  }
});
await check('embeddings, as numbers and as the client asks for them', async () => {
  const input = ['Once upon a time', 'Say something.'];
  const coded = await client.embeddings.create({ model, input });
  const plain = await client.embeddings.create({ model, input, encoding_format: 'float' });
  assert.equal(coded.data.length, 2);
  assert.ok(coded.data[0].embedding.length > 0);
  coded.data.forEach((d, i) =>
    d.embedding.forEach((v, j) => assert.ok(Math.abs(v - plain.data[i].embedding[j]) < 0.02))); // company may change the last bits
  assert.ok(coded.usage.prompt_tokens > 0);
  await assert.rejects(client.embeddings.create({ model, input: [] }), OpenAI.BadRequestError);
});
const schema = {
  type: 'object',
  properties: { mood: { enum: ['calm', 'wild'] }, loud: { type: 'boolean' } },
  required: ['mood', 'loud'],
  additionalProperties: false,
};
function held(text) {
  const value = JSON.parse(text);
  assert.deepEqual(Object.keys(value).sort(), ['loud', 'mood']);
  assert.ok(schema.properties.mood.enum.includes(value.mood));
  assert.equal(typeof value.loud, 'boolean');
}
await check('answers that a schema holds', async () => {
  const warm = { ...settings, temperature: 1, max_completion_tokens: 200 };
  const format = { type: 'json_schema', json_schema: { name: 'state', schema, strict: true } };
  held((await client.chat.completions.create({ ...warm, response_format: format })).choices[0].message.content);
  const parsed = await client.chat.completions.parse({ ...warm, response_format: format });
  held(JSON.stringify(parsed.choices[0].message.parsed));
  const text = { format: { type: 'json_schema', name: 'state', schema, strict: true } };
  const asked = { model, input: 'Say something.', max_output_tokens: 200, text };
  held((await client.responses.create(asked)).output_text);
  const wrong = { type: 'json_schema', json_schema: { name: 'state', schema: { type: 'nothing' } } };
  await assert.rejects(client.chat.completions.create({ ...warm, response_format: wrong }), OpenAI.BadRequestError);
});
await check('tools', async () => {
  const parameters = { type: 'object', properties: { at: { enum: ['dawn', 'noon'] } }, required: ['at'], additionalProperties: false };
  const tools = [{ type: 'function', function: { name: 'sky', description: 'How the sky is.', parameters } }];
  const asked = { ...settings, max_completion_tokens: 200, tools, tool_choice: 'required', parallel_tool_calls: false };
  const reply = await client.chat.completions.create(asked);
  const choice = reply.choices[0];
  assert.equal(choice.finish_reason, 'tool_calls');
  assert.equal(choice.message.tool_calls.length, 1);
  const call = choice.message.tool_calls[0];
  assert.equal(call.function.name, 'sky');
  assert.ok(['dawn', 'noon'].includes(JSON.parse(call.function.arguments).at));
  const streamed = await client.chat.completions.stream(asked).finalChatCompletion();
  assert.equal(streamed.choices[0].finish_reason, 'tool_calls');
  assert.equal(streamed.choices[0].message.tool_calls[0].function.name, 'sky');
  JSON.parse(streamed.choices[0].message.tool_calls[0].function.arguments);
  const told = [...messages, choice.message, { role: 'tool', tool_call_id: call.id, content: 'blue' }];
  const next = await client.chat.completions.create({ ...settings, messages: told, tools, tool_choice: 'none' });
  assert.equal(next.choices[0].message.tool_calls, undefined);
  const flat = [{ type: 'function', name: 'sky', description: 'How the sky is.', parameters }];
  const respond = { model, input: 'Say something.', max_output_tokens: 200, tools: flat, tool_choice: 'required', parallel_tool_calls: false };
  const response = await client.responses.create(respond);
  const item = response.output.find((i) => i.type === 'function_call');
  assert.equal(item.name, 'sky');
  JSON.parse(item.arguments);
  const final = await client.responses.stream(respond).finalResponse();
  assert.equal(final.output.find((i) => i.type === 'function_call').name, 'sky');
  const input = [{ role: 'user', content: 'Say something.' }, item, { type: 'function_call_output', call_id: item.call_id, output: 'blue' }];
  await client.responses.create({ model, input, tools: flat, max_output_tokens: 8 });
});
