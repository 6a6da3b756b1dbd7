"""Files that cells need and the project does not ship."""


rule fetch_morphology:
    message:
        "Find or fetch the published morphology {wildcards.name}."
    output:
        "data/morphologies/{name}.asc",
    log:
        f"{LOG_PATH}/fetch_morphology/{{name}}.log",
    conda:
        "../../envs/simulate.yaml"
    localrule: True
    script:
        "../../scripts/fetch_morphology.py"
