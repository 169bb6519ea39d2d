from zimu.cli.main import main

main()
