// What stands around every page: skip link, search, pages with their badges, the person.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { Menu } from '../components/menu.tsx';
import { useFilters } from '../lists/use-filters.ts';
import { FIND_FILTERS, findAddress } from '../pages/find/find-filters.ts';
import { type Person, signOutHere, signOutOfMicrosoft } from '../sign-in/session.ts';
import { TEXTS } from '../texts.ts';
import { badges } from './badges.ts';
import { useOverviewPolling } from './overview-polling.ts';
import { type Scheme, scheme, zone } from './preferences.ts';

const PAGES = [
  ['', 'overview'],
  ['decisions', 'decisions'],
  ['sessions', 'sessions'],
  ['jobs', 'jobs'],
  ['policy', 'policy'],
  ['operations', 'operations'],
] as const;

export function Layout({ person, children }: { readonly person: Person; readonly children: ComponentChildren }) {
  useOverviewPolling();
  return (
    <>
      <a class="skip" href="#content">
        {TEXTS.skip}
      </a>
      <header class="top">
        <a class="brand" href="/console/">
          {TEXTS.product}
        </a>
        <SearchBox />
        <div class="top-end">
          <ZoneSwitch />
          <PersonMenu person={person} />
        </div>
      </header>
      <div class="frame">
        <Navigation />
        <main id="content" tabIndex={-1}>
          {children}
        </main>
      </div>
    </>
  );
}

function Navigation() {
  const { path } = useLocation();
  const marks = badges.value;
  return (
    <nav class="pages" aria-label={TEXTS.mainNavigation}>
      <ul>
        {PAGES.map(([segment, name]) => {
          const href = `/console/${segment}`;
          const isHere = segment === '' ? path === '/console' : path.startsWith(href);
          const badge = marks[name];
          return (
            <li key={name}>
              <a href={href} {...(isHere && { 'aria-current': 'page' as const })}>
                {TEXTS.pages[name]}
                {badge && <span class={`badge ${badge.kind}`}>{badge.text}</span>}
              </a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

/** `/` leads here from anywhere but a field that takes text. */
function SearchBox() {
  const { route, path } = useLocation();
  const { q = '' } = useFilters(FIND_FILTERS).filters;
  const box = useRef<HTMLInputElement>(null);
  const shown = path === '/console/find' ? q : '';
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target as HTMLElement;
      if (target.closest('input, textarea, select, [contenteditable], .editor') !== null) return;
      event.preventDefault();
      box.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => removeEventListener('keydown', focus);
  }, []);
  return (
    <search>
      <form
        class="search-box"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== '') route(findAddress(text.trim()));
        }}
      >
        <input
          ref={box}
          type="search"
          name="q"
          aria-label={TEXTS.findLabel}
          placeholder={TEXTS.findPlaceholder}
          autoComplete="off"
          spellcheck={false}
          maxLength={253}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <button type="submit">{TEXTS.find}</button>
      </form>
    </search>
  );
}

function ZoneSwitch() {
  return (
    <button
      type="button"
      class="quiet"
      aria-label={`${TEXTS.zone}: ${TEXTS.zones[zone.value]}`}
      onClick={() => {
        zone.value = zone.value === 'local' ? 'utc' : 'local';
      }}
    >
      {TEXTS.zones[zone.value]}
    </button>
  );
}

function PersonMenu({ person }: { readonly person: Person }) {
  return (
    <Menu label={person.name} class="to-end">
      <span class="menu-text">
        {person.userName}
        <br />
        {TEXTS.roles}: {person.roles.join(', ')}
      </span>
      {(['system', 'light', 'dark'] as readonly Scheme[]).map((each) => (
        <button
          type="button"
          key={each}
          aria-pressed={scheme.value === each}
          onClick={() => {
            scheme.value = each;
          }}
        >
          {TEXTS.scheme}: {TEXTS.schemes[each].toLowerCase()}
        </button>
      ))}
      <button type="button" onClick={() => void signOutHere()}>
        {TEXTS.signOutHere}
      </button>
      <button type="button" onClick={() => void signOutOfMicrosoft()}>
        {TEXTS.signOutOfMicrosoft}
      </button>
    </Menu>
  );
}
