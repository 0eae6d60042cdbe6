// Live sessions of each site, as the newest count found them: each a filter of the list.

import { Foreign } from '../../components/foreign.tsx';
import { Section } from '../../components/section.tsx';
import { When } from '../../components/when.tsx';
import { overview } from '../../shell/overview-polling.ts';

interface SiteCountsProps {
  readonly site: string | undefined;
  readonly onSite: (site: string) => void;
}

export function SiteCounts({ site, onSite }: SiteCountsProps) {
  const sessions = overview.value?.sessions;
  if (sessions === undefined || sessions.sites.length === 0) return null;
  return (
    <Section
      title="By site"
      aside={
        <span class="muted">
          counted <When at={sessions.countedAt} />
        </span>
      }
    >
      <ul class="stage-counts">
        {sessions.sites
          .toSorted((one, other) => other.live - one.live)
          .map(({ site: name, live }) => (
            <li key={name}>
              <button type="button" aria-pressed={name === site} onClick={() => onSite(name === site ? '' : name)}>
                <Foreign>{name}</Foreign>
                <strong>{live.toLocaleString('en')}</strong>
              </button>
            </li>
          ))}
      </ul>
    </Section>
  );
}
