// People sign in to the console by redirect, in a real browser, and see what their role permits.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  accessibilityFindings,
  choosePerson,
  OpenConsole,
  PEOPLE,
  type PersonKey,
} from '../support/console/open-console.ts';
import { control } from '../support/console/story.ts';

/** Seconds; MSAL renews a token that has less than five minutes left, so each request brings a new one. */
const RENEWED_EACH_TIME = { accessTokenSeconds: 120 };

let console: OpenConsole;

beforeAll(async () => {
  console = await OpenConsole.start();
});

afterEach(() => console.closePages());
afterAll(() => console?.stop());

test.each<[PersonKey, string]>([
  ['anna', 'NAC.Auditor'],
  ['olga', 'NAC.Operator'],
  ['ada', 'NAC.Administrator'],
  ['sam', 'NAC.Operator.local'],
])('%s signs in and stands there by name, with the role %s', async (person, role) => {
  const page = await console.openAs(person);
  await page.getByRole('button', { name: PEOPLE[person] }).click();
  await page.getByText(role, { exact: false }).waitFor();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
});

test('a person without a role reads which roles there are, and whom to ask', async () => {
  const page = await console.openAs('nora');
  await page.getByRole('heading', { name: 'Your account has no role for this console' }).waitFor();
  expect(await page.getByRole('main').innerText()).toContain('NAC.Auditor');
  expect(await accessibilityFindings(page)).toEqual([]);
});

test('a deep link survives the sign-in, with its query', async () => {
  const page = await console.open('/console/find?q=no-such-device&x=1');
  await choosePerson(page, 'anna');
  await page.waitForURL('**/console/find?q=no-such-device&x=1');
  await page.getByRole('heading', { name: 'Find no-such-device' }).waitFor();
});

test('so does what stands behind its #', async () => {
  const page = await console.open('/console/find#q=jane%40example.com');
  await choosePerson(page, 'anna');
  await page.getByRole('heading', { name: 'Find jane@example.com' }).waitFor();
});

test('where Microsoft does not answer, the page says so, keeps what was typed, and goes on once it does', async () => {
  await control(console.stack, 'PATCH', '/sign-in', RENEWED_EACH_TIME);
  const page = await console.openAs('ada');
  await page.getByRole('button', { name: 'Sweep now' }).click();
  await page.getByLabel('Reason').fill('ticket 4711');
  await page.route(/oauth2\/v2\.0\/token/, (route) => route.abort());
  await page.getByRole('dialog').getByRole('button', { name: 'Sweep now' }).click();
  await page.getByRole('dialog').getByText('No answer').waitFor();
  expect(await page.getByLabel('Reason').inputValue()).toBe('ticket 4711');
  await page.unroute(/oauth2\/v2\.0\/token/);
  await page.getByRole('dialog').getByRole('button', { name: 'Sweep now' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('a way to Microsoft that is cut ends in a page with a button, not in one that waits for good', async () => {
  const page = await console.openAs('anna');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByRole('button', { name: PEOPLE.anna }).click();
  await page.getByRole('button', { name: 'Sign out here' }).click();
  await page.route(/oauth2\/v2\.0\/authorize/, (route) => route.fulfill({ status: 204 }));
  await page.clock.install();
  const left = page.waitForRequest(/oauth2\/v2\.0\/authorize/);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await left;
  // MSAL waits half a minute for the browser to leave.
  await page.clock.runFor(31_000);
  await page.getByRole('heading', { name: 'The sign-in failed' }).waitFor();
  await page.unroute(/oauth2\/v2\.0\/authorize/);
  await page.getByRole('button', { name: 'Try again' }).click();
  await choosePerson(page, 'anna');
});

test('nothing of the sign-in is in a cookie, and nothing but taste outlives the tab', async () => {
  const page = await console.openAs('anna');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  const { hostname } = new URL(console.stack.url);
  const cookies = await page.context().cookies(`${console.stack.url}/console/`);
  expect(cookies.filter(({ domain, path }) => domain === hostname && path === '/')).toEqual([]);
  expect(await page.evaluate('Object.keys(localStorage).filter((key) => !key.startsWith("console."))')).toEqual([]);
});

test('a role that is taken away is gone with the next token: the page says so, and which there are', async () => {
  await control(console.stack, 'PATCH', '/sign-in', RENEWED_EACH_TIME);
  const page = await console.openAs('anna');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await control(console.stack, 'PATCH', '/people', { person: 'anna', roles: [] });
  await page.getByRole('link', { name: 'Jobs' }).click();
  await page.getByRole('heading', { name: 'Your account has no role for this console' }).waitFor();
  await control(console.stack, 'PATCH', '/people', { person: 'anna', roles: ['NAC.Auditor'] });
});

test('a rolled key, and a function app that starts again under an open page, cost the person nothing', async () => {
  await control(console.stack, 'PATCH', '/sign-in', RENEWED_EACH_TIME);
  const page = await console.openAs('anna');
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await control(console.stack, 'POST', '/people/roll-key', { withdraw: true });
  await console.stack.end('http');
  await console.stack.restart('http');
  await page.getByRole('link', { name: 'Jobs' }).click();
  await page.getByRole('heading', { name: 'Jobs' }).waitFor();
  await page.getByText('Loading').first().waitFor({ state: 'detached' });
  expect(await page.getByRole('alert').allInnerTexts()).toEqual([]);
});

test('an expired refresh token leads through Microsoft and back at once, and what was typed is still there', async () => {
  await control(console.stack, 'PATCH', '/sign-in', RENEWED_EACH_TIME);
  const page = await console.openAs('ada');
  await page.getByRole('button', { name: 'Sweep now' }).click();
  await page.getByLabel('Reason').fill('ticket 4711');
  await control(console.stack, 'POST', '/people/revoke', { person: 'ada' });
  const left = page.waitForRequest(/oauth2\/v2\.0\/authorize/);
  await page.getByRole('dialog').getByRole('button', { name: 'Sweep now' }).click();
  await left;
  await Promise.any([choosePerson(page, 'ada'), page.getByRole('heading', { name: 'Overview' }).waitFor()]);
  await page.getByRole('button', { name: 'Sweep now' }).click();
  expect(await page.getByLabel('Reason').inputValue()).toBe('ticket 4711');
});
