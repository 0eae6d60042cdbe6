// Overview: is all well, and how old is what we know?

import { Page } from '../components/page.tsx';
import { TEXTS } from '../texts.ts';

export function OverviewPage() {
  return (
    <Page title={TEXTS.pages.overview}>
      <p>{TEXTS.loading}</p>
    </Page>
  );
}
