// Chooses which items to show; each choice has an address.
import Link from "next/link";
import type { Locale } from "@/i18n/locales";
import type { Text } from "@/i18n/text";
import { REVIEW_STATES, type ReviewState } from "@/model/review";
import css from "./review.module.css";

interface Props {
  readonly current: ReviewState;
  readonly locale: Locale;
  readonly text: Text;
}

export function StateTabs({ current, locale, text }: Props) {
  return (
    <nav className={css.tabs} aria-label={text("review.filter")}>
      {REVIEW_STATES.map((state) => (
        <Link
          key={state}
          href={state === "pending" ? `/${locale}/review` : `/${locale}/review?state=${state}`}
          aria-current={state === current ? "page" : undefined}
        >
          {text(`review.state.${state}`)}
        </Link>
      ))}
    </nav>
  );
}
