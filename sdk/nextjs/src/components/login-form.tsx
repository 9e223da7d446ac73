"use client";
// The form that logs in.
import { useActionState } from "react";
import { useLocale, useText } from "@/i18n/provider";
import { ROLES } from "@/model/role";
import { login } from "@/server/actions/session";
import { FailureNotice } from "./failure";
import css from "./login.module.css";

export function LoginForm() {
  const text = useText();
  const locale = useLocale();
  const [{ failure, name, role }, submit, pending] = useActionState(login, {});
  return (
    <form action={submit} className={css.form}>
      <input type="hidden" name="locale" value={locale} />
      <div className="field">
        <label htmlFor="name">{text("login.name")}</label>
        <input
          id="name"
          name="name"
          required
          maxLength={60}
          autoComplete="username"
          defaultValue={name}
          aria-describedby="name-hint"
        />
        <p id="name-hint" className="fine">
          {text("login.nameHint")}
        </p>
      </div>
      <div className="field">
        <label htmlFor="role">{text("login.role")}</label>
        <select key={role} id="role" name="role" defaultValue={role ?? "admin"} aria-describedby="role-hint">
          {ROLES.map((one) => (
            <option key={one} value={one}>
              {text(`role.${one}`)}
            </option>
          ))}
        </select>
        <p id="role-hint" className="fine">
          {text("login.roleHint")}
        </p>
      </div>
      <div className="field">
        <label htmlFor="secret">{text("login.secret")}</label>
        <input
          id="secret"
          name="secret"
          type="password"
          required
          autoComplete="current-password"
          aria-invalid={failure?.kind === "wrong-secret"}
        />
      </div>
      {failure?.kind === "feature" ? (
        <p className="notice" role="alert">
          {text("login.off")}
        </p>
      ) : (
        failure && <FailureNotice failure={failure} />
      )}
      <button type="submit" className="button primary" disabled={pending}>
        {text(pending ? "login.submitting" : "login.submit")}
      </button>
    </form>
  );
}
