// Where one logs in.
import type { Metadata } from "next";
import { redirect } from "next/navigation";
import css from "@/components/login.module.css";
import { LoginForm } from "@/components/login-form";
import { text as textOf } from "@/i18n/index";
import type { Locale } from "@/i18n/locales";
import { currentSession } from "@/server/session";

export async function generateMetadata({ params }: PageProps<"/[locale]/login">): Promise<Metadata> {
  return { title: textOf((await params).locale as Locale)("login.title"), robots: { index: false } };
}

export default async function Page({ params }: PageProps<"/[locale]/login">) {
  const locale = (await params).locale as Locale;
  if (await currentSession()) redirect(`/${locale}/leaders`);
  const text = textOf(locale);
  return (
    <div className={`card ${css.page}`}>
      <h1>{text("login.title")}</h1>
      <p className="quiet">{text("login.about")}</p>
      <LoginForm />
    </div>
  );
}
