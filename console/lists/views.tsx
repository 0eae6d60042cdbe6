// Views of one page, as links with addresses of their own: going back leads to the view before.

import { useLocation } from 'preact-iso/router';

interface ViewsProps {
  /** What they are views of, read out. */
  readonly label: string;
  /** Word in the address and title; the first one is the usual view. */
  readonly views: readonly (readonly [string, string])[];
  readonly current: string;
}

export function Views({ label, views, current }: ViewsProps) {
  const { path } = useLocation();
  return (
    <nav class="views" aria-label={label}>
      <ul>
        {views.map(([view, title], index) => (
          <li key={view}>
            <a
              href={index === 0 ? path : `${path}?view=${view}`}
              {...(view === current && { 'aria-current': 'page' as const })}
            >
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
