"""Files that cells need and the project does not ship."""


rule fetch_morphology:
    output:
        "data/morphologies/{name}.asc",
    log:
        f"{LOG_PATH}/fetch_morphology/{{name}}.log",
    localrule: True
    conda:
        "../../envs/simulate.yaml"
    message:
        "Find or fetch the published morphology {wildcards.name}."
    script:
        "../../scripts/fetch_morphology.py"
