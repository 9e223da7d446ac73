"use client";
// Chooses whose posts to show. It is a form, so it works before scripts run, and without them.
import { usePathname, useRouter } from "next/navigation";
import { type ChangeEvent, useTransition } from "react";
import { useText } from "@/i18n/provider";
import { type PostFilter, TONES } from "@/model/post";
import css from "./feed.module.css";

interface Choice {
  readonly value: string;
  readonly label: string;
}

interface Props {
  readonly filter: PostFilter;
  readonly leaders: readonly Choice[];
  readonly languages: readonly Choice[];
}

export function FilterBar({ filter, leaders, languages }: Props) {
  const text = useText();
  const router = useRouter();
  const path = usePathname();
  const [pending, startTransition] = useTransition();
  const apply = ({ currentTarget: { form } }: ChangeEvent<HTMLSelectElement>) => {
    const chosen = new URLSearchParams();
    for (const [name, value] of new FormData(form ?? undefined)) if (value !== "") chosen.set(name, String(value));
    startTransition(() => router.replace(chosen.size > 0 ? `${path}?${chosen}` : path, { scroll: false }));
  };
  const tones = TONES.map((tone) => ({ value: tone, label: text(`sentiment.${tone}`) }));
  const select = (name: keyof PostFilter, label: string, all: string, choices: readonly Choice[]) => (
    <div className="field">
      <label htmlFor={`filter-${name}`}>{label}</label>
      <select id={`filter-${name}`} name={name} value={filter[name]} onChange={apply}>
        <option value="">{all}</option>
        {choices.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </div>
  );
  return (
    <search aria-label={text("feed.filter")}>
      <form className={css.filter} aria-busy={pending}>
        {select("leader", text("feed.leader"), text("feed.everyone"), leaders)}
        {select("tone", text("feed.tone"), text("feed.anyTone"), tones)}
        {select("language", text("feed.language"), text("feed.anyLanguage"), languages)}
        <noscript>
          <button type="submit" className="button">
            {text("feed.filter")}
          </button>
        </noscript>
      </form>
    </search>
  );
}
