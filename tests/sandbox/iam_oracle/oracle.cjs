// Judges the cases of cases.py with an evaluator that is nobody's of ours: @cloud-copilot/iam-simulate.
const fs = require("fs");
const { runSimulation } = require("@cloud-copilot/iam-simulate");

const LETTERS = { Allowed: "A", ImplicitlyDenied: "I", ExplicitlyDenied: "E" };

(async () => {
  const { cases, session, account } = JSON.parse(fs.readFileSync(0));
  let said = "";
  for (const each of cases) {
    const answer = await runSimulation(
      {
        request: {
          principal: session,
          action: each.action,
          resource: { resource: each.resource, accountId: account },
          contextVariables: each.context,
        },
        identityPolicies: each.identity.map((policy, place) => ({ name: `p${place}`, policy })),
        serviceControlPolicies: [],
        resourceControlPolicies: [],
        resourcePolicy: each.resource_policy,
        permissionBoundaryPolicies: each.boundary ? [{ name: "boundary", policy: each.boundary }] : undefined,
      },
      { simulationMode: "Strict" },
    );
    said += LETTERS[answer.overallResult] || "?";
  }
  process.stdout.write(said);
})();
