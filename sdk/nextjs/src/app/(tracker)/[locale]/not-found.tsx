"use client";
// What an address without a page shows.
import Link from "next/link";
import css from "@/components/leaders/leaders.module.css";
import { useLocale, useText } from "@/i18n/provider";

export default function NotFound() {
  const text = useText();
  const locale = useLocale();
  return (
    <div className={`card ${css.empty}`}>
      <h1>{text("missing.title")}</h1>
      <p>
        <Link href={`/${locale}`}>{text("missing.back")}</Link>
      </p>
    </div>
  );
}
