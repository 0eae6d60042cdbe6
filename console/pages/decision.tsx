// One decision: every rule, and why.

import { Page } from '../components/page.tsx';
import { TEXTS } from '../texts.ts';

export function DecisionPage() {
  return (
    <Page title={TEXTS.pages.decisions}>
      <p>{TEXTS.loading}</p>
    </Page>
  );
}
