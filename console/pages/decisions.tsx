// Decisions: the live list.

import { Page } from '../components/page.tsx';
import { TEXTS } from '../texts.ts';

export function DecisionsPage() {
  return (
    <Page title={TEXTS.pages.decisions}>
      <p>{TEXTS.loading}</p>
    </Page>
  );
}
