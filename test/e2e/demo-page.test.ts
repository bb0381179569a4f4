import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { type Running, startCli } from '../support/cli.ts';
import { waitFor } from '../support/wait.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const HOSTILE = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';

describe('the chat page', () => {
  let demo: Running;
  let context: BrowserContext;
  let profile: string;
  let url: string;
  const complaints: string[] = [];

  before(async () => {
    demo = startCli(['demo', '--stay', '--port', '0', '--redis', 'mini']);
    await demo.until(/What passes through Redis from here on/, 30_000);
    url = /(http:\S+)/.exec(demo.stdout())?.[1] ?? '';
    profile = await mkdtemp(join(tmpdir(), 'sio-inspect-chromium-'));
    context = await chromium.launchPersistentContext(profile, { executablePath: CHROMIUM, args: ARGS });
  });

  after(async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
    demo.child.kill('SIGTERM');
    await demo.finished();
  });

  async function openTab(): Promise<Page> {
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(url);
    await page
      .getByRole('status')
      .getByText(/^connected, id: [\w-]{20}, worker: \d$/)
      .waitFor();
    return page;
  }

  it('lets two tabs on different workers talk, and takes what they say for text', async () => {
    const [one, two] = [await openTab(), await openTab()];
    const workers = await Promise.all(
      [one, two].map(
        async (page) => /worker: (\d)/.exec((await page.getByRole('status').textContent()) ?? '')?.[1],
      ),
    );
    assert.notEqual(workers[0], workers[1]);

    await one.getByLabel('Message').fill('Hello from a tab');
    await one.getByRole('button', { name: 'Send' }).click();
    await two.getByRole('log').getByText('Hello from a tab', { exact: true }).waitFor();

    await two.getByLabel('Message').fill(HOSTILE);
    await two.getByLabel('Message').press('Enter');
    await one.getByRole('log').getByText(HOSTILE, { exact: true }).waitFor();
    assert.equal(await one.locator('img, #messages script').count(), 0);

    await two.getByLabel('Message').fill('read me \u202Egnp.exe');
    await two.getByLabel('Message').press('Enter');
    await one.getByRole('log').getByText('read me \\u202egnp.exe', { exact: true }).waitFor();
    assert.equal(await one.title(), 'sio-inspect demo chat');

    const shown = await waitFor('the demo to show it', () => /onerror/.exec(demo.stdout())?.[0]);
    assert.equal(shown, 'onerror');
    assert.deepEqual(complaints, []);
  });

  it('says how to watch', async () => {
    const page = await openTab();
    assert.match(
      (await page.locator('#command').textContent()) ?? '',
      /^npx sio-inspect monitor --url redis:\/\/127/,
    );
  });

  it('runs no script that is not its own', async () => {
    const page = await openTab();
    const title = await page.evaluate(`(() => {
      const script = document.createElement('script');
      try {
        script.textContent = 'document.title = "owned"';
        document.head.append(script);
      } catch {
        // Trusted types stop it even earlier.
      }
      return document.title;
    })()`);
    assert.equal(title, 'sio-inspect demo chat');
  });
});
