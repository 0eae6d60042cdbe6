// The frame of every page: the window's title, the heading that gets the focus after each change of page, actions beside
// it.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { TEXTS } from '../texts.ts';

interface PageProps {
  /** For the window's title, and the heading where none is given. */
  readonly title: string;
  readonly heading?: ComponentChildren;
  /** One sentence below the heading. */
  readonly lead?: ComponentChildren;
  /** Buttons beside the heading. */
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** The first page is where the reader already is: its heading takes no focus. */
let isFirst = true;

export function Page({ title, heading, lead, actions, children }: PageProps) {
  const { path } = useLocation();
  const top = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = TEXTS.windowTitle(title);
  }, [title]);
  useEffect(() => {
    if (!isFirst) {
      top.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
    isFirst = false;
  }, [path]);
  return (
    <article class="page">
      <header class="page-head">
        <div>
          <h1 ref={top} tabIndex={-1}>
            {heading ?? title}
          </h1>
          {lead !== undefined && <p class="lead">{lead}</p>}
        </div>
        {actions !== undefined && <div class="buttons">{actions}</div>}
      </header>
      {children}
    </article>
  );
}
