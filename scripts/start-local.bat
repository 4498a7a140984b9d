@echo off
rem Start museod and its sandbox shop on Windows: in WSL, the Linux that comes with Windows.
setlocal
where wsl.exe >nul 2>nul
if errorlevel 1 goto no_wsl
wsl.exe --exec true >nul 2>nul
if errorlevel 1 goto no_linux
rem State needs a Linux file system: locks, file modes and a socket. The checkout may lie on a Windows drive.
wsl.exe --cd "%~dp0.." --exec bash -c "MCP_STATE_DIR=${MCP_STATE_DIR:-$HOME/.local/state/museod-local} exec bash scripts/start-local.sh"
exit /b %errorlevel%

:no_wsl
echo museod runs on Linux. On Windows it needs WSL, which is not installed.
goto how

:no_linux
echo museod runs on Linux. WSL is here, but it has no Linux distribution that starts.

:how
echo.
echo   1. In a PowerShell that runs as administrator:  wsl --install -d Debian
echo   2. Restart Windows, and open Debian once from the start menu to name a user.
echo   3. In Debian:  sudo apt update ^&^& sudo apt install python3 python3-venv
echo   4. Run this file again.
exit /b 1
