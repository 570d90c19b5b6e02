// SPDX-License-Identifier: Apache-2.0
// The web page in a real browser: node page.mjs BROWSER BASE_URL KEY [PICTURE]. Prints "ok NAME" for each check; fails at the first that does not hold.
import puppeteer from 'puppeteer-core';
import assert from 'node:assert/strict';

const [executablePath, base, key, picture] = process.argv.slice(2);
const browser = await puppeteer.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
const page = await browser.newPage();
const asked = [];
const wrong = [];
page.on('request', (request) => asked.push(request.url()));
page.on('pageerror', (error) => wrong.push(String(error)));
await page.setViewport({ width: 1200, height: 800 });

async function check(name, run) {
  await run();
  console.log(`ok ${name}`);
}
const textOf = (selector) => page.$eval(selector, (e) => e.textContent);
const until = (test, ...args) => page.waitForFunction(test, { timeout: 20000, polling: 50 }, ...args);

try {
  await check('without a key nothing is shown, and why is said', async () => {
    await page.goto(base + '/');
    await until(() => document.getElementById('used').textContent.includes('an API key is needed'));
    assert.equal(await page.$$eval('#map div', (all) => all.length), 0);
  });
  await check('with a key the books are drawn, all of the map is covered', async () => {
    await page.type('#key', key);
    await until(() => document.querySelectorAll('#map div').length > 2);
    const names = await page.$$eval('#map div', (all) => all.map((d) => d.dataset.name));
    assert.ok(names.includes('weights') || names.includes('weights (mapped)') || names.length > 3, names.join());
    const covered = await page.$eval('#map', (map) => [...map.children].reduce(
      (sum, d) => sum + parseFloat(d.style.width) * parseFloat(d.style.height), 0));
    assert.ok(Math.abs(covered - 100 * 100) < 1, `covered ${covered}`);
    assert.match(await textOf('#used'), /off the heap, peak/);
  });
  await check('a message is answered, and how fast is told', async () => {
    await page.type('#text', '<b>Say</b> something.');
    await page.keyboard.press('Enter');
    await until(() => document.querySelector('#messages .assistant')?.textContent.length > 0);
    await until(() => !document.getElementById('send').disabled);
    assert.equal(await textOf('#messages .user'), '<b>Say</b> something.'); // as text, not as a page
    assert.equal((await page.$$('#messages .error')).length, 0);
    assert.match(await textOf('#speed'), /first token .* tokens\/s/);
  });
  await check('a request is shown while it runs, shares its prefix and leaves', async () => {
    await page.evaluate((auth) => {
      const body = { messages: [{ role: 'user', content: 'Tell me a long story. '.repeat(10) }], max_tokens: 200, ignore_eos: true, stream: true };
      window.left = new AbortController();
      const ask = () => fetch('v1/chat/completions', { method: 'POST', signal: window.left.signal,
        headers: { 'Content-Type': 'application/json', Authorization: 'Bearer ' + auth }, body: JSON.stringify(body) })
        .then((r) => r.text()).then(ask).catch(() => {}); // again and again: the page looks once a second
      for (let i = 0; i < 2; i++) ask();
    }, key);
    await until(() => /\d+ of \d+ tokens/.test(document.querySelector('#sequences div b')?.textContent));
    await until(() => [...document.querySelectorAll('#sequences b')].some((b) => /: [1-9]\d* shared/.test(b.textContent.replace('pages', ''))));
    await page.evaluate(() => window.left.abort());
    await until(() => document.querySelectorAll('#sequences div:not(.gone)').length === 0);
  });
  await check('the history shows pages that were held', async () => {
    await until(() => { // a look a second paints two columns more: as few pages as there are of a large budget, they show in time
      const canvas = document.getElementById('history');
      const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      let count = 0;
      for (let i = 3; i < pixels.length; i += 4) if (pixels[i] > 0) count++;
      return count > 100;
    });
  });
  await check('a conversation can be cleared, an answer stopped', async () => {
    await page.click('#clear');
    assert.equal((await page.$$('#messages p')).length, 0);
    await page.type('#text', 'More.');
    await page.click('#send');
    await page.click('#stop');
    await until(() => !document.getElementById('send').disabled);
    assert.deepEqual(await page.$$eval('#messages .error', (all) => all.map((p) => p.textContent)), []);
  });
  await check('a narrow window puts one below the other', async () => {
    if (picture) await page.screenshot({ path: picture });
    await page.setViewport({ width: 500, height: 800 });
    const [chat, memory] = await Promise.all(['#chat', '#memory'].map((id) => page.$eval(id, (e) => e.getBoundingClientRect().toJSON())));
    assert.ok(memory.top >= chat.bottom);
  });
  await check('nothing was fetched from elsewhere, and no script failed', async () => {
    assert.deepEqual(asked.filter((url) => !url.startsWith(base + '/')), []);
    assert.deepEqual(wrong, []);
  });
} finally {
  await browser.close();
}
