"""tidegate: infrastructure that comes up and goes down through gates which close by themselves.

A map of the layers, imports going one way only (enforced by import-linter):

    dags -> lanes, operators, sensors -> collectors, terraform, evidence -> models
                                      -> gates                           -> models

* answers     the one seam to botocore: an answer, or what kept it away
* models      what is known: manifest, facts, blockers, snapshots, verdicts
* gates       pure judgements: facts in, blockers out; no I/O, no clock
* cost        the ladder that costs are held against; pure
* collectors  reads of AWS and of Terraform's answers; they return facts
* terraform   the only place that spawns terraform
* evidence    write-once storage of snapshots, attempts and the verdict chain
* verify      judges stored evidence again: gates and evidence together, without lanes and Airflow
* lanes       which gate and which collector make one step of a phase
* operators, sensors   how Airflow runs a lane
* commands    what `tidegate ...` does
"""

__version__ = "0.1.0"
