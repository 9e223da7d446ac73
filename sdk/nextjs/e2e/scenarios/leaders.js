// Logging in, and what can be done then.
import assert from "node:assert/strict";

const card = (page, name) => page.getByRole("listitem", { name, exact: true });

export function leaders(scenario) {
  scenario("visitors see leaders and cannot change them", async (stage) => {
    const page = await stage.visitor();
    await page.goto("/en/leaders");
    await card(page, "Noorika Zelvani").waitFor();
    assert.equal(await page.getByRole("button", { name: /^(Refresh|Remove)/ }).count(), 0);
    assert.equal(await page.getByRole("button", { name: "Add" }).count(), 0);
  });

  scenario("a wrong secret is refused, and the name is kept", async (stage) => {
    const page = await stage.visitor();
    await page.goto("/en/login");
    await page.getByLabel("Your name").fill("asha");
    await page.getByLabel("Admin secret").fill("not the secret of this installation");
    await page.getByRole("main").getByRole("button", { name: "Log in" }).click();
    await page.getByText("That is not the secret.").waitFor();
    assert.equal(await page.getByLabel("Your name").inputValue(), "asha");
    assert.deepEqual(
      await page
        .context()
        .cookies()
        .then((all) => all.filter(({ name }) => name.includes("session"))),
      [],
    );
  });

  scenario("a leader is removed, added and read with progress", async (stage) => {
    const page = await stage.administrator();
    const [session] = (await page.context().cookies()).filter(({ name }) => name.includes("session"));
    assert.ok(session.httpOnly && session.sameSite === "Strict");

    const name = "Tamsin Veldhari";
    await page.getByRole("button", { name: `Remove ${name}` }).click();
    const dialog = page.getByRole("dialog", { name: `Remove ${name}?` });
    await dialog.getByRole("button", { name: "Remove" }).click();
    await page.getByText(`${name} is not followed any more.`).waitFor();
    await card(page, name).waitFor({ state: "detached" });

    const added = "Tamsin V. (added)";
    await page.getByLabel("Name", { exact: true }).fill(added);
    await page.getByLabel("Handle on X").fill("@veldhari_sbx");
    await page.getByLabel("Topics, separated by commas").fill("Science, Space");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByText(`${added} is followed now.`).waitFor();
    await card(page, added).getByText("Space", { exact: true }).waitFor();

    const asked = page.waitForRequest("**/rpc/amber.v1.IngestionService/WatchRun");
    await page.getByRole("button", { name: `Refresh ${added}` }).click();
    const { authorization } = (await asked).headers();
    const claims = JSON.parse(Buffer.from(authorization.split(".")[1], "base64url").toString("utf8"));
    assert.equal(claims.role, "viewer");
    assert.ok(claims.exp - claims.iat <= 300, `${claims.exp - claims.iat} s`);
    const progress = card(page, added).getByRole("progressbar", { name: "Progress of the run" });
    await progress.waitFor();
    await card(page, added).getByText("Done", { exact: true }).waitFor();
    await card(page, added)
      .getByText(/^ · [\d,]+ read, [\d,]+ new$/)
      .waitFor();
    await card(page, added)
      .getByText(/^\d+ posts in 30 days$/)
      .waitFor();
  });

  scenario("logging out ends what one may do", async (stage) => {
    const page = await stage.administrator();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.waitForURL("**/en");
    await page.goto("/en/leaders");
    assert.equal(await page.getByRole("button", { name: /^Remove/ }).count(), 0);
  });
}
