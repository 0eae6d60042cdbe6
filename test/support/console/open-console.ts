// The console in Debian's Chromium, against the parts of `npm start`: one browser for a test file, a page of its own
// for each test. A page that breaks its own policy, or leaves an error uncaught, fails the test that opened it.

import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { type LocalStack, type LocalStackOptions, startLocalStack } from '../../../local/local-stack.ts';
import { readAppLine } from '../../../local/read-app-line.ts';

const ROOT = join(import.meta.dirname, '../../..');
const CHROMIUM = '/usr/bin/chromium';

/** What each page has done wrong, as it happens. */
const PROBLEMS = new WeakMap<Page, string[]>();

export const PEOPLE = {
  anna: 'Anna Auditor',
  olga: 'Olga Operator',
  ada: 'Ada Administrator',
  sam: 'Sam Siteoperator',
  nora: 'Nora Norole',
} as const;
export type PersonKey = keyof typeof PEOPLE;

export class OpenConsole {
  readonly stack: LocalStack;
  readonly #browser: Browser;
  readonly #folder: string;
  readonly #opened = new Set<Page>();

  private constructor(stack: LocalStack, browser: Browser, folder: string) {
    this.stack = stack;
    this.#browser = browser;
    this.#folder = folder;
  }

  static async start(options: Partial<LocalStackOptions> = {}): Promise<OpenConsole> {
    const folder = await mkdtemp(join(tmpdir(), 'nac-console-'));
    const swept = Promise.withResolvers<void>();
    const [stack, browser] = await Promise.all([
      startLocalStack({
        appFolder: ROOT,
        dataFolder: folder,
        fleetSize: 50,
        // Until then no device is known, and a station that connects is a stranger.
        onLine: (line) => void (readAppLine(line)?.['result'] === 'complete' && swept.resolve()),
        ...options,
        env: { POLL_SCHEDULE: '* * * * * *', LOOKUP_DEADLINE: '10s', ...options.env },
      }),
      // Tests run as root, where Chromium refuses to run with its sandbox.
      chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] }),
    ]);
    await swept.promise;
    return new OpenConsole(stack, browser, folder);
  }

  /** @param path below the app, as `/console/find#q=x` */
  async open(path = '/console/', options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({
      ignoreHTTPSErrors: true,
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    const page = await context.newPage();
    this.watch(page);
    await page.goto(`${this.stack.url}${path}`);
    return page;
  }

  /** As `open`, and signed in as a person. */
  async openAs(person: PersonKey, path = '/console/', options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.open(path, options);
    await choosePerson(page, person);
    return page;
  }

  /** Has whatever this page does wrong fail the test. */
  watch(page: Page): void {
    const problems: string[] = [];
    PROBLEMS.set(page, problems);
    this.#opened.add(page);
    page.on('pageerror', (error) => problems.push(`uncaught: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      const text = message.text();
      if (/Content Security Policy|Trusted ?Type|Cross-Origin/i.test(text)) problems.push(text);
    });
  }

  /** After each test: what its pages did wrong, and their end. */
  async closePages(): Promise<void> {
    const pages = [...this.#opened];
    this.#opened.clear();
    const problems = pages.flatMap((page) => PROBLEMS.get(page) ?? []);
    await Promise.all(pages.map((page) => page.context().close()));
    expect(problems, 'violations of the policy and uncaught errors of the page').toEqual([]);
  }

  async stop(): Promise<void> {
    await this.#browser.close();
    await this.stack.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** On the page of the simulated tenant; back in the console when it returns. */
export async function choosePerson(page: Page, person: PersonKey): Promise<void> {
  await page.getByRole('link', { name: PEOPLE[person] }).click();
  await page.waitForURL('**/console/**');
  // The header of a person who is in, or what a person without a role reads.
  await page.locator('header.top, .sign-in h1:not(.quiet-heading)').first().waitFor();
}

let axe: string | undefined;

/** What axe-core finds against WCAG 2.2 AA, one line each. */
export async function accessibilityFindings(page: Page): Promise<readonly string[]> {
  axe ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(axe);
  const found = (await page.evaluate(`axe.run(document, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  })`)) as { readonly violations: readonly AxeViolation[] };
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\n${html}\n${failureSummary}`),
  );
}

interface AxeViolation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}
